/// <reference types="node" preserve="true" />

export type { Address } from './address.js'
export {
  type AnyChannel,
  type AnyServer,
  Channel,
  type ChannelClass,
  type ChannelInit,
  type OutgoingOf,
} from './channel.js'
export { Client } from './client.js'
export { ConnectionListener } from './connection-listener.js'
export {
  type CallCode,
  type CallerError,
  type CloseCode,
  type CloseReason,
  type Detail,
  type FaultCode,
  type NormalCloseCode,
  RepodError,
  type RepodErrorCode,
  type RepodErrorOptions,
} from './errors.js'
export { decode, encode, readMessage } from './framing.js'
export type { Handlers, LifecycleHandlers, MessageOf, ReservedAction } from './handlers.js'
export type { StopReport } from './listening.js'
export { configureLogging, type Logger, type LoggingOptions, type LogLevel } from './logging.js'
export type { Message, ReceivedMessage } from './message.js'
export type { CloseEvent, ErrorEvent, OpenEvent } from './observe.js'
export {
  type AbortOptions,
  type ClientOptions,
  DEFAULT_HOST,
  DEFAULT_PORT,
  type Limits,
  type ListenerOptions,
  type ServerOptions,
} from './options.js'
export { Server } from './server.js'
export type { ConnectionLimit, ServerStats } from './stats.js'
export type { TransportKind } from './transport/transport.js'
