/**
 * The one home of every number. Both transports are handed the parsed object, the engine gets its
 * limits from it word by word: no default, range or bound stands anywhere else.
 */
import cluster from 'node:cluster'
import { rangeError, typeError } from './errors.js'
import type { Logger } from './logging.js'
import {
  checkLogger,
  choiceOf,
  given,
  hostOf,
  type NumberSpec,
  numberOf,
  portOf,
  show,
} from './option-checks.js'

export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 5071

const MAX_INT = 2 ** 31 - 1
/** The first byte of a legal frame is 0x00: that tells it from other protocols on the same port. */
const MAX_FRAME = 2 ** 24 - 1

function number(
  unit: string,
  server: number,
  client: number = server,
  min = 1,
  max: number = MAX_INT,
): NumberSpec {
  return { unit, server, client, min, max }
}

export type NumberOption =
  | 'maxFrameLength'
  | 'maxOutboundFrameLength'
  | 'maxDepth'
  | 'maxElements'
  | 'maxMapEntries'
  | 'maxKeyLength'
  | 'maxActionLength'
  | 'inboundQueueMessages'
  | 'inboundQueueBytes'
  | 'dispatchTimeBudget'
  | 'writeHighWater'
  | 'writeLowWater'
  | 'maxBufferedOut'
  | 'connectTimeout'
  | 'closeTimeout'
  | 'drainTimeout'
  | 'maxInboundTotal'
  | 'maxBufferedTotal'
  | 'maxConnections'
  | 'maxConnectionsPerIp'
  | 'backlog'
  | 'logLines'
  | 'ringBytes'
  | 'chunkBytes'
  | 'heldBytes'

/**
 * Every numeric option: unit, default of a server and of a client, range. The comments are the text
 * of docs/limits.md: what is counted, and what happens beyond.
 */
export const NUMBER_OPTIONS: { readonly [Name in NumberOption]: NumberSpec } = {
  /**
   * Payload of a frame that comes in. A longer one closes with `FRAME_TOO_LARGE` as soon as its
   * length is there; nothing is allocated for it.
   */
  maxFrameLength: number('bytes', 65_536, 1_048_576, 1, MAX_FRAME),
  /**
   * Payload of a frame that goes out. `send()` of a longer one throws a RangeError with
   * `FRAME_TOO_LARGE`; the connection is unharmed.
   */
  maxOutboundFrameLength: number('bytes', 1_048_576, 1_048_576, 1, MAX_FRAME),
  /**
   * Nesting of maps and arrays, the message itself being 1. Deeper input closes with
   * `DECODE_ERROR`, detail `depth`; `send()` of a deeper message throws `INVALID_VALUE`.
   */
  maxDepth: number('levels', 64, 64, 1, 64),
  /**
   * Values of one frame that comes in, the message itself included, keys not counted. More close
   * with `DECODE_ERROR`, detail `elements`.
   */
  maxElements: number('values', 16_384, 262_144),
  /** Entries of one map that comes in. More close with `DECODE_ERROR`, detail `map`. */
  maxMapEntries: number('entries', 4_096, 65_536),
  /**
   * UTF-8 of a map's key. A longer one closes with `DECODE_ERROR`, detail `key`; `send()` of one
   * throws `INVALID_VALUE`.
   */
  maxKeyLength: number('bytes', 256),
  /**
   * UTF-8 of an `action`. A longer one closes with `INVALID_ACTION`; `send()` of one throws
   * `INVALID_VALUE`.
   */
  maxActionLength: number('bytes', 64),
  /**
   * Messages of one connection that wait for their handlers. From here its socket is not read until
   * half is left: TCP makes the peer wait.
   */
  inboundQueueMessages: number('messages', 1_024),
  /** The same for the payload bytes of these messages; whichever is reached first. */
  inboundQueueBytes: number('bytes', 1_048_576),
  /**
   * Time for handlers at one go, looked at every 32 messages. What is left runs in the next turn of
   * the event loop. Does not bound `pump()`.
   */
  dispatchTimeBudget: number('ms', 2),
  /** Bytes buffered for a connection from which on `isWritable` is false. */
  writeHighWater: number('bytes', 65_536),
  /**
   * Bytes buffered at which `isWritable` is true again and `onDrain()` is called, once. Below
   * `writeHighWater`; at most half of it where only that is given.
   */
  writeLowWater: number('bytes', 32_768, 32_768, 0),
  /**
   * Bytes that `send()` accepted and the kernel has not taken. A frame that would exceed it, while
   * others wait, meets `slowConsumer`. Not below `maxOutboundFrameLength`.
   */
  maxBufferedOut: number('bytes', 2_097_152),
  /**
   * From the call of `connect()` to the server's greeting. Then it rejects with `CONNECT_TIMEOUT`.
   * Of no use to a server.
   */
  connectTimeout: number('ms', 10_000),
  /** For a close: to flush, and for the peer to end its side. Then the connection is reset. */
  closeTimeout: number('ms', 5_000),
  /**
   * For all closes of `stop()`. Then what is left is reset, and the report counts it. Of no use to a
   * client.
   */
  drainTimeout: number('ms', 5_000),
  /**
   * Payload bytes of all messages that wait for their handlers, over all connections of a server or
   * a client. From here none of its sockets is read until half is left; those that have least
   * waiting are read first.
   */
  maxInboundTotal: number('bytes', 67_108_864),
  /**
   * Memory of what `send…()` accepted and the kernel has not taken, over all connections of a server
   * or a client: a frame sent to many counts once while any of them waits for it. Before more is
   * written the largest buffers are dropped: their connections are reset, with `EVICTED`. The total
   * is exact where nothing is shared; of what is, it may be a sixteenth of this limit too high, and
   * is never too low.
   */
  maxBufferedTotal: number('bytes', 268_435_456),
  /**
   * Channels of a server. One more connection is accepted and reset: no Channel, no `onConnect`,
   * counted in `stats().refusedBy`. 0 lets nobody in. Of no use to a client.
   */
  maxConnections: number('connections', 10_000, 10_000, 0),
  /**
   * The same for one address: IPv4 written in IPv6 is IPv4, of other IPv6 a /64 is one address; see
   * `exemptLoopback`. Of no use to a client.
   */
  maxConnectionsPerIp: number('connections', 100, 100, 0),
  /**
   * Connections that the system keeps for a listener until they are accepted; it may keep fewer
   * (`net.core.somaxconn`). Where descriptors run out, listening resumes by itself. Of no use to a
   * client.
   */
  backlog: number('connections', 511),
  /** Lines that are logged per code and second; the rest is counted, in `stats().logLinesLeftOut`. */
  logLines: number('lines/s', 10),
  /**
   * Ring from the engine to JavaScript; a power of two. Full: sockets are not read until there is
   * room. Of the environment: the first endpoint's value holds, a different later one throws.
   */
  ringBytes: number('bytes', 1_048_576, 1_048_576, 4_096, 2 ** 26),
  /** Memory that frames are written into, a piece at a time. Of the environment, as `ringBytes`. */
  chunkBytes: number('bytes', 262_144, 262_144, 4_096, 2 ** 24),
  /**
   * Payloads too large for the ring that wait to be fetched. Beyond it no socket is read; one alone
   * always fits. Of the environment, as `ringBytes`.
   */
  heldBytes: number('bytes', 67_108_864),
}

/** Every other option: its values, the default of a server and of a client; comments as above. */
export const CHOICE_OPTIONS = {
  /**
   * `auto`: what the variable `REPOD_TRANSPORT` says, else native where its binary loads, else pure.
   * `native` where it does not load: the constructor throws `UNSUPPORTED`.
   */
  transport: { values: ['auto', 'native', 'pure'], server: 'auto', client: 'auto' },
  /**
   * What meets a frame beyond `maxBufferedOut`. `close`: the connection, with `SLOW_CONSUMER`.
   * `drop-newest`: the frame; `send()` returns 0 and `stats().dropped` counts it.
   */
  slowConsumer: { values: ['close', 'drop-newest'], server: 'close', client: 'close' },
  /**
   * What follows a handler that throws or rejects. `close`: `onError`, and the connection closes with
   * `HANDLER_ERROR`. `report`: `onError` alone.
   */
  onHandlerError: { values: ['close', 'report'], server: 'close', client: 'close' },
  /** A peer that does not read is not read either, from `writeHighWater` to `writeLowWater`. */
  pauseReadWhenOutFull: { values: [true, false], server: true, client: false },
  /** Connections from this machine itself do not count towards `maxConnectionsPerIp`. */
  exemptLoopback: { values: [true, false], server: true, client: true },
  /**
   * SO_REUSEPORT: several processes listen on one port, and the system spreads the connections. True
   * where it is not given in a worker of `node:cluster`. `pure` needs Node 22.12 for it; in a worker
   * of an older one the cluster shares the port. Elsewhere, and where the platform lacks it,
   * `start()` rejects with `UNSUPPORTED`. Of no use to a client.
   */
  reusePort: { values: [true, false], server: false, client: false },
  /** TCP_NODELAY: small frames leave at once. */
  noDelay: { values: [true, false], server: true, client: true },
  /**
   * Whether readers of messages may be compiled by `new Function`. Without it native passes payload
   * bytes. Of the environment, as `ringBytes`.
   */
  codegen: { values: [true, false], server: true, client: true },
} as const

/** What the engine works with beside the options; handed to it when it starts. */
export const ENGINE = {
  /** Messages that one connection may pass on before the others had their turn. */
  messagesPerPass: 64,
  /** The clock is read every so many messages. */
  messagesPerClock: 32,
  /** Bytes after which the ring is committed although sockets are still ready. */
  commitBytes: 65_536,
  /** Bytes read from a socket at once, into one buffer per thread. */
  readBytes: 65_536,
  /** Shapes of the environment, of one connection, and fields of one shape. */
  maxShapes: 512,
  maxShapesPerConnection: 64,
  maxShapeFields: 256,
  maxShapeDepth: 8,
  /** Sightings of a shape before it is defined. */
  shapeSightings: 3,
  /** How long `exit` waits for the engine's thread. */
  exitTimeout: 200,
} as const

/** What needs no option. */
export const FIXED = {
  /** Of text that a peer or a handler wrote, the bytes that reach a line of the log. */
  loggedText: 128,
  /** ms that each address of a name has at least, before the next is tried. */
  leastPerAddress: 250,
  /** Messages taken out of the ports of a connection that can be written to again, at one go. */
  messagesPerResume: 1_024,
  /** Share of `maxBufferedTotal` that may be written between two surveys of what waits. */
  surveyEvery: (1 / 16) as number,
  /** Share of it that an eviction leaves free, so that the next frame does not need one. */
  sparedByEviction: (1 / 256) as number,
} as const

type NumberOptions = { [Name in NumberOption]?: number | undefined }
type ChoiceOptions = {
  [Name in keyof typeof CHOICE_OPTIONS]?:
    | (typeof CHOICE_OPTIONS)[Name]['values'][number]
    | undefined
}

/** Limits and switches that Server, Client and ConnectionListener share. */
export interface Limits extends NumberOptions, ChoiceOptions {}

export interface ServerOptions extends Limits {
  /** Default `127.0.0.1`. A name is resolved; `::` takes IPv4 too. */
  host?: string | undefined
  /** 0 to 65,535, default 5071; 0 takes a free one, see `server.address`. */
  port?: number | undefined
  /** `auto` (default): handlers run as messages come; `pump`: inside `server.pump()`. */
  dispatch?: 'auto' | 'pump' | undefined
  /** A pino, or what has its `debug`, `info`, `warn`, `error`; see `configureLogging()`. */
  logger?: Logger | undefined
}

export interface ClientOptions extends Limits {
  /** A pino, or what has its `debug`, `info`, `warn`, `error`; see `configureLogging()`. */
  logger?: Logger | undefined
}

export interface ListenerOptions extends ClientOptions {
  /** `pump` (default): handlers run inside `pump()`; `auto`: as messages come. */
  dispatch?: 'pump' | 'auto' | undefined
}

export interface AbortOptions {
  /** Of `connect()` and `start()`: an abort rejects with `ABORTED`. Of `run()`: an abort stops. */
  signal?: AbortSignal | undefined
}

/** The parsed options, complete: what transports and the classes work with. */
export type EndpointOptions = {
  readonly [Name in NumberOption]: number
} & {
  readonly [Name in keyof typeof CHOICE_OPTIONS]: (typeof CHOICE_OPTIONS)[Name]['values'][number]
} & {
  readonly logger: Logger | undefined
}

export interface ParsedServerOptions extends EndpointOptions {
  readonly host: string
  readonly port: number
  readonly dispatch: 'auto' | 'pump'
}
export interface ParsedListenerOptions extends EndpointOptions {
  readonly dispatch: 'auto' | 'pump'
}

export function parseServerOptions(options: ServerOptions = {}): ParsedServerOptions {
  const parsed = parse('Server', 'server', options, ['host', 'port', 'dispatch'])
  return {
    ...parsed,
    host: hostOf(given(options.host, DEFAULT_HOST)),
    port: portOf(given(options.port, DEFAULT_PORT), 0),
    dispatch: choiceOf('dispatch', given(options.dispatch, 'auto'), ['auto', 'pump']),
  }
}

export function parseClientOptions(options: ClientOptions = {}): EndpointOptions {
  return parse('Client', 'client', options, [])
}

export function parseListenerOptions(options: ListenerOptions = {}): ParsedListenerOptions {
  const parsed = parse('ConnectionListener', 'client', options, ['dispatch'])
  return {
    ...parsed,
    dispatch: choiceOf('dispatch', given(options.dispatch, 'pump'), ['auto', 'pump']),
  }
}

function parse(
  owner: string,
  side: 'server' | 'client',
  options: object,
  more: readonly string[],
): EndpointOptions {
  if (typeof options !== 'object' || options === null) {
    throw typeError('INVALID_OPTION', `${owner} options must be an object, got ${show(options)}`)
  }
  const values = options as Record<string, unknown>
  for (const name of Object.keys(values)) {
    const isKnown = Object.hasOwn(NUMBER_OPTIONS, name) || Object.hasOwn(CHOICE_OPTIONS, name)
    if (!isKnown && name !== 'logger' && !more.includes(name)) {
      throw typeError('INVALID_OPTION', `${name} is no option of ${owner}`)
    }
  }
  const parsed: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(NUMBER_OPTIONS)) {
    parsed[name] = numberOf(name, given(values[name], spec[side]), spec)
  }
  for (const [name, spec] of Object.entries(CHOICE_OPTIONS)) {
    parsed[name] = choiceOf(
      name,
      given(values[name], spec[side]),
      spec.values as readonly unknown[],
    )
  }
  parsed['logger'] = checkLogger(values['logger'])
  if (values['reusePort'] === undefined) parsed['reusePort'] = side === 'server' && cluster.isWorker
  const result = parsed as unknown as EndpointOptions
  checkRelations(result, values)
  return result
}

/** Bounds that options set to each other; a default follows where only its partner was given. */
function checkRelations(parsed: EndpointOptions, values: Record<string, unknown>): void {
  const write = parsed as { -readonly [Name in keyof EndpointOptions]: EndpointOptions[Name] }
  if (values['writeLowWater'] === undefined) {
    write.writeLowWater = Math.min(parsed.writeLowWater, parsed.writeHighWater >> 1)
  }
  if (parsed.writeLowWater >= parsed.writeHighWater) {
    throw rangeError(
      'INVALID_OPTION',
      `writeLowWater must be below writeHighWater (${parsed.writeHighWater}), got ${parsed.writeLowWater}`,
    )
  }
  if (values['maxBufferedOut'] === undefined) {
    write.maxBufferedOut = Math.max(parsed.maxBufferedOut, parsed.maxOutboundFrameLength)
  }
  if (parsed.maxBufferedOut < parsed.maxOutboundFrameLength) {
    throw rangeError(
      'INVALID_OPTION',
      `maxBufferedOut must be at least maxOutboundFrameLength (${parsed.maxOutboundFrameLength}), got ${parsed.maxBufferedOut}`,
    )
  }
  if ((parsed.ringBytes & (parsed.ringBytes - 1)) !== 0) {
    throw rangeError('INVALID_OPTION', `ringBytes must be a power of two, got ${parsed.ringBytes}`)
  }
}
