/**
 * The seam: the only thing that server, client and tests know of the network. What decides stands
 * above it, once; what is below it only moves bytes. `native.ts` and `pure.ts` implement it.
 */
import type { Address } from '../address.js'
import type { EndCode, Fault } from '../errors.js'
import type { Message, ReceivedMessage } from '../message.js'
import type { EndpointOptions } from '../options.js'

export type TransportKind = 'native' | 'pure'

/**
 * A dense index in the low 20 bits, a generation above them. An index is free again when it was
 * released *and* its socket is gone; the generation then makes a connection that was never seen
 * before, so nothing sent to a dead one reaches its successor.
 */
export type Connection = number
export const INDEX_BITS = 20
export function indexOf(connection: Connection): number {
  return connection & ((1 << INDEX_BITS) - 1)
}

/**
 * What an endpoint is told, per connection in this order: `opened` once, then messages, at most one
 * `fault`, `closed` once. A throw out of one of these is a defect above the seam, never contained.
 */
export interface EndpointEvents {
  /** TCP is up (accepted, or dialled). The counter of flushed bytes starts at 0. */
  opened(connection: Connection, address: Address): void
  /** `bytes` is the length of the payload. */
  message(connection: Connection, action: string, message: ReceivedMessage, bytes: number): void
  /** The peer broke the wire format: no message follows. The answer is `close()`. */
  fault(connection: Connection, fault: Fault): void
  /** Answers one `askDrained`. */
  drained(connection: Connection): void
  /**
   * The end of what comes in. `PEER_CLOSED`: the write half lives until `release`. `CLOSED`: our
   * FIN is out (or a reset, after `closeTimeout`); the peer's FIN may still be awaited below.
   */
  closed(connection: Connection, code: EndCode): void
}

/** A server's or a client's share of a transport: one listener, or one connection that it dials. */
export interface Endpoint {
  /**
   * Rejects with an Error that has an errno name as `code` (`EADDRINUSE`), or `UNSUPPORTED`: there is
   * no `reusePort` here.
   */
  listen(host: string, port: number): Promise<Address>
  /**
   * One address, no name. Resolves after `opened`; rejects as `listen` does. A dial that is under way
   * is given up by the next (`ECANCELED`), unless its `opened` is on the way already.
   */
  dial(host: string, port: number): Promise<void>
  /** Closes the listener, gives up a dial, stops all reading. Resolves after what had arrived. */
  quiesce(): Promise<void>
  /** Resolves once no socket of the endpoint is left, each within its own close. */
  stop(): Promise<void>
  /** Whether this endpoint keeps the process alive; true at the start. */
  setRef(on: boolean): void
}

export interface Transport {
  readonly kind: TransportKind
  /** True while a look of `pump()` or `read()` collects: what comes belongs into the inboxes. */
  readonly collecting: boolean
  /** True inside the walk of a message (a getter may call anything): no handler may run then. */
  readonly writing: boolean
  readonly counters: TransportCounters
  endpoint(events: EndpointEvents, options: EndpointOptions): Endpoint

  /**
   * Writes the frame at hand and returns its length, header included; `post…` or `discard` follows
   * before anything else is written. A message that cannot be sent throws, and leaves nothing.
   */
  write(message: Message, options: EndpointOptions): number
  post(connection: Connection): void
  postAll(connections: readonly Connection[]): void
  discard(): void

  /** Bytes the kernel has taken, in the measure of `write`, modulo 2^32. 0 before the first. */
  flushedBytes(connection: Connection): number
  /** One `drained` when at most `below` bytes are left, at once if that is so already. */
  askDrained(connection: Connection, below: number): void
  pause(connection: Connection): void
  resume(connection: Connection): void
  /** Messages of a quiet connection wake nobody: its endpoint looks by itself. */
  quiet(connection: Connection, on: boolean): void
  /** Flush, FIN, discard until the peer's FIN; a reset after `timeout` ms, at once if 0. */
  close(connection: Connection, timeout: number): void
  /** After `closed`: flushes what was sent until now, then the index may be used again. */
  release(connection: Connection): void

  /** Collects what has come by now (see `collecting`). Pure: nothing to do. */
  look(): void
  /** Hands over what was written in this turn; the transport does so itself at a turn's end. */
  flush(): void
}

/** Counts since the transport began; both kinds have all of them. */
export interface TransportCounters {
  /** Looks that found work, hand-overs of output, times the JS thread was woken. */
  takes: number
  flushes: number
  wakeUps: number
  /** Inbound messages that came as numbers, as bytes; outbound frames, records that carried them. */
  tapeMessages: number
  byteMessages: number
  frames: number
  records: number
  /** Turns of the engine's loop; 0 on pure, which has none of its own. */
  readonly engineTurns: number
}
