import type { MessagePort } from 'node:worker_threads'
import type { Address } from './address.js'
import { ChannelLink } from './channel-link.js'
import { type CloseReason, type RepodError, typeError } from './errors.js'
import type { Message, ReceivedMessage } from './message.js'
import { closedHere } from './reasons.js'
import type { Server } from './server.js'

/**
 * The tops of the circle server <-> channel. They hold because `send`, `sendToAll` and the hooks are
 * methods, whose parameters compare both ways: they must never become function-typed fields.
 */
export type AnyChannel = Channel<AnyServer, Message>
export type AnyServer = Server<AnyChannel>
export type ChannelClass<C extends AnyChannel> = new (init: ChannelInit) => C

/** What a server makes a Channel from; a subclass with a constructor passes it on: `super(init)`. */
export interface ChannelInit {
  readonly server: AnyServer
  readonly address: Address
}

/**
 * What every kind of channel of a server may be sent: of `Human | Bot` the intersection, hence the
 * detour over functions. It looks at `send` alone, to keep the circle small.
 */
export type OutgoingOf<C extends AnyChannel> = (
  C extends { send(message: infer Each): unknown }
    ? (message: Each) => void
    : never
) extends (message: infer All extends Message) => void
  ? All
  : Message

/** For the server alone. */
export let linkOf: (channel: AnyChannel) => ChannelLink

/**
 * One player's connection, on the server. Messages reach `Network_{action}` methods; what has none
 * reaches `networkReceived`. Its state lives in `#fields` behind accessors, so that a subclass field
 * of the same name is a compile error.
 */
export class Channel<S extends AnyServer = AnyServer, Outgoing extends Message = Message> {
  readonly #link: ChannelLink

  /** Made by the server alone. `this.server` is there in a subclass's field initialisers. */
  constructor(init: ChannelInit) {
    if (!(init instanceof ChannelLink)) {
      throw typeError('INVALID_STATE', 'a Channel is made by its server: pass on the init it gives')
    }
    this.#link = init
  }

  get server(): S {
    return this.#link.server as S
  }

  get addr(): Address {
    return this.#link.address
  }

  /** 1 for a server's first channel, and never given twice by the same server. */
  get id(): number {
    return this.#link.id
  }

  get isConnected(): boolean {
    return this.#link.isReceiving
  }

  /** False from `writeHighWater` buffered bytes until `onDrain()`, and after the end. */
  get isWritable(): boolean {
    return this.#link.isWritable
  }

  /** Bytes that `send()` accepted and the kernel had not taken at the beginning of this turn. */
  get bufferedBytes(): number {
    return this.#link.bufferedBytes
  }

  get closeReason(): CloseReason | undefined {
    return this.#link.reason
  }

  /**
   * Queues a message; the size of its frame in bytes, or 0 where the connection is closed or
   * `slowConsumer` refused it. Throws a TypeError or RangeError, and queues nothing, where the
   * message cannot be sent.
   */
  send(message: Outgoing): number {
    return this.#link.send(message)
  }

  /**
   * A port to transfer to a worker: what that posts is sent as by `send()`, in order, and is not
   * taken out of the port while the channel is not writable. A message that `send()` would refuse
   * goes to `onError`. Closed with the connection; what waits in it then is lost.
   */
  sender(): MessagePort {
    return this.#link.sender()
  }

  /**
   * No message is dispatched any more; what was sent still goes, for at most `closeTimeout`. `reason`
   * becomes the message of the CloseReason, which stays on this side.
   */
  close(reason?: string): void {
    this.#link.end(closedHere(reason))
  }

  /** After the greeting was sent, before any message. */
  onConnect(): unknown {
    return undefined
  }

  /** Once, right before `server.onDisconnect`; the channel is still in `server.channels`. */
  onClose(_reason: CloseReason): unknown {
    return undefined
  }

  /**
   * The peer's fault, a slow reader, a handler that threw (`error.cause`), or a message of a
   * `sender()` that cannot be sent.
   */
  onError(_error: RepodError): unknown {
    return undefined
  }

  /** `isWritable` is true again: once per crossing of the high water. */
  onDrain(): unknown {
    return undefined
  }

  /** Every message that has no method of its own. */
  networkReceived(_data: ReceivedMessage): unknown {
    return undefined
  }

  static {
    linkOf = (channel) => channel.#link
  }
}
