/**
 * One connection of the pure transport: a socket, what came and is not dispatched, what has to go.
 *
 *   input   open ──fault, close(), or `closed` told──> deaf          (what comes is thrown away)
 *   output  open ──close(), or release()──> ending ──socket closed──> gone
 *
 * The peer's end (`#end`) changes neither by itself: what came before it is dispatched first.
 */
import type { Socket } from 'node:net'
import type { Address } from '../address.js'
import { decodeValidated } from '../codec/decode.js'
import { FrameSplitter } from '../codec/frame-splitter.js'
import { validate } from '../codec/validate.js'
import type { EndCode, Fault } from '../errors.js'
import { ENGINE, type EndpointOptions } from '../options.js'
import type { Frames } from './frames.js'
import { Outbox } from './outbox.js'
import type { ReadyQueue, Source } from './ready-queue.js'
import type { Connection, EndpointEvents, TransportCounters } from './transport.js'
import type { TimeBudget } from './turn.js'

/** What a connection needs of those it belongs to. */
export interface ConnectionOwner {
  readonly events: EndpointEvents
  readonly options: EndpointOptions
  readonly ready: ReadyQueue
  readonly counters: TransportCounters
  /** The socket is gone. */
  gone(connection: PureConnection): void
  /** So is the connection above the seam: its index may be used again. */
  free(connection: PureConnection): void
}

export class PureConnection implements Source {
  readonly id: Connection
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #outbox: Outbox
  /** Undefined once deaf. */
  #input: FrameSplitter | undefined
  #output: 'open' | 'ending' | 'gone' = 'open'
  /** Why nothing more comes, once that is known. */
  #end: EndCode | undefined
  #told = false
  #closing = false
  #released = false
  #paused = false
  #reading = true
  /** Since `quiesce`: called when what had been read is dispatched. */
  #quiesced: (() => void) | undefined
  #drainBelow: number | undefined
  #timer: NodeJS.Timeout | undefined
  #ref = true

  constructor(id: Connection, socket: Socket, owner: ConnectionOwner) {
    this.id = id
    this.#owner = owner
    this.#socket = socket
    this.#input = new FrameSplitter(owner.options.maxFrameLength)
    this.#outbox = new Outbox(socket, () => this.#tellDrained())
    socket.on('error', () => this.#onError())
    socket.on('end', () => this.#onEnd())
    socket.on('finish', () => this.#onFinish())
    socket.on('close', () => this.#onClose())
  }

  /** Tells of the connection, then begins to read. */
  open(): void {
    this.#owner.events.opened(this.id, addressOf(this.#socket))
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk))
  }

  setRef(on: boolean): void {
    this.#ref = on
    if (on) {
      this.#socket.ref()
      this.#timer?.ref()
    } else {
      this.#socket.unref()
      this.#timer?.unref()
    }
  }

  // What comes in.

  #onData(chunk: Buffer): void {
    if (this.#input === undefined) return
    this.#input.push(chunk)
    this.#owner.ready.arrived(this)
  }

  pass(budget: TimeBudget): boolean {
    this.#tellDrained()
    for (let messages = 0; messages < ENGINE.messagesPerPass; messages++) {
      const input = this.#input
      if (input === undefined || this.#isHeld || !input.next()) return this.#settle()
      if (messages === 0) this.#owner.counters.takes++
      this.#dispatch(input)
      if (!budget.spend()) break
    }
    // Not read while something is left: what waits for its turn is never more than was read once.
    this.#read(false)
    return true
  }

  #dispatch({ bytes, start, end }: FrameSplitter): void {
    const fault = validate(bytes, start, end, this.#owner.options)
    if (fault !== undefined) {
      this.#refuse(fault)
      return
    }
    const message = decodeValidated(bytes, start, end)
    this.#owner.counters.byteMessages++
    this.#owner.events.message(this.id, message.action, message, end - start)
  }

  /** Nothing can be dispatched now: goes on with what had to wait for that. */
  #settle(): false {
    const input = this.#input
    if (input !== undefined && this.#isHeld) {
      this.#read(false)
      return false
    }
    // The last payload's memory: a connection that is idle has none.
    if (input !== undefined) input.bytes = NOTHING
    if (input?.fault !== undefined) this.#refuse(input.fault)
    else if (this.#closing) {
      // Else its FIN, or the reset, will tell.
      if (this.#output === 'gone') this.#tell('CLOSED')
    } else if (this.#end !== undefined) this.#tell(this.#end)
    else if (input !== undefined && this.#quiesced === undefined) this.#read(true)
    this.#quiesced?.()
    return false
  }

  #refuse(fault: Fault): void {
    this.#input = undefined
    this.#read(false)
    this.#owner.events.fault(this.id, fault)
  }

  #tell(code: EndCode): void {
    if (this.#told) return
    this.#told = true
    this.#input = undefined
    this.#owner.events.closed(this.id, code)
  }

  /**
   * The one above wants no messages for now. It is not asked any more once the socket is gone (what
   * it waits for, say room in the output, would never come) or all has to be dispatched at once.
   */
  get #isHeld(): boolean {
    return this.#paused && this.#output !== 'gone' && this.#quiesced === undefined
  }

  #read(on: boolean): void {
    if (this.#reading === on) return
    this.#reading = on
    if (on) this.#socket.resume()
    else this.#socket.pause()
  }

  #onEnd(): void {
    if (this.#input === undefined) return
    this.#end ??= 'PEER_CLOSED'
    this.#owner.ready.arrived(this)
  }

  /** A reset destroys the stream: what it holds of an earlier read is taken out here. */
  #onError(): void {
    for (let chunk = this.#socket.read(); chunk !== null; chunk = this.#socket.read()) {
      this.#input?.push(chunk)
    }
  }

  #onFinish(): void {
    if (this.#closing) this.#tell('CLOSED')
  }

  #onClose(): void {
    this.#output = 'gone'
    clearTimeout(this.#timer)
    this.#outbox.drop()
    this.#end ??= 'PEER_RESET'
    if (this.#closing) this.#tell('CLOSED')
    else if (!this.#told) this.#owner.ready.arrived(this)
    this.#owner.gone(this)
    if (this.#released) this.#owner.free(this)
  }

  pause(): void {
    this.#paused = true
    if (this.#input !== undefined) this.#read(false)
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#input !== undefined) this.#owner.ready.add(this)
  }

  /** Reads no more. Resolves when what was read is dispatched. */
  quiesce(): Promise<void> {
    return new Promise((resolve) => {
      this.#quiesced = resolve
      if (this.#input === undefined) {
        resolve()
        return
      }
      this.#read(false)
      this.#owner.ready.add(this)
    })
  }

  // What goes out.

  /** Puts the frame at hand behind the others. True if there was none since the last flush. */
  post(frames: Frames): boolean {
    if (this.#output !== 'open' || this.#released) return false
    return this.#outbox.add(frames.chunk, frames.start, frames.length)
  }

  flush(): void {
    this.#outbox.flush()
    if (this.#isDrained) this.#owner.ready.add(this)
  }

  /** Bytes that the kernel has taken, since the beginning. */
  get flushed(): number {
    return this.#outbox.flushed
  }

  askDrained(below: number): void {
    this.#drainBelow = below
    if (this.#isDrained) this.#owner.ready.add(this)
  }

  get #isDrained(): boolean {
    return this.#drainBelow !== undefined && this.#outbox.waiting <= this.#drainBelow
  }

  #tellDrained(): void {
    if (!this.#isDrained || this.#told) return
    this.#drainBelow = undefined
    this.#owner.events.drained(this.id)
  }

  // The end.

  close(timeout: number): void {
    if (this.#released && timeout > 0) return
    this.#input = undefined
    this.#closing = true
    if (this.#output === 'gone') {
      // The peer has reset, its last messages were still waiting for their turn.
      this.#owner.ready.add(this)
    } else if (timeout === 0) this.#socket.resetAndDestroy()
    else this.#finish(timeout)
  }

  release(): void {
    this.#released = true
    if (this.#output === 'gone') this.#owner.free(this)
    else if (this.#output === 'open') this.#finish(this.#owner.options.closeTimeout)
  }

  /**
   * FIN behind what was sent; what comes until the peer's is thrown away, since a socket that is
   * closed with unread input sends a reset, which destroys what was flushed.
   */
  #finish(timeout: number): void {
    this.#output = 'ending'
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#socket.resetAndDestroy(), timeout)
      if (!this.#ref) this.#timer.unref()
    }
    this.#read(true)
    this.#outbox.end()
  }
}

const NOTHING = new Uint8Array(0)

/** A peer that was gone before its address could be asked has the unspecified one, and port 0. */
export function addressOf(socket: Socket): Address {
  const { remoteAddress, remotePort = 0 } = socket
  return addressFrom(remoteAddress ?? '0.0.0.0', remotePort)
}

/** With IPv4 as IPv4, also where a dual-stack socket writes it in IPv6. */
export function addressFrom(host: string, port: number): Address {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1]
  if (mapped !== undefined) return { host: mapped, port, family: 'IPv4' }
  return { host, port, family: host.includes(':') ? 'IPv6' : 'IPv4' }
}
