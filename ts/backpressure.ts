/**
 * The accounts of every connection's output: what was queued against what the kernel took. Both
 * transports feed them through `flushedBytes`, what is decided from them is decided here alone.
 */
import type { EndpointOptions } from './options.js'
import { type Connection, indexOf, type Transport } from './transport/transport.js'

export type OutputLimits = Pick<EndpointOptions, 'maxBufferedOut' | 'writeHighWater'>

/** What became of a frame: `FILLED` is booked too, and crossed the high water: then ask `drained`. */
export type Booking = typeof REFUSED | typeof BOOKED | typeof FILLED
export const REFUSED = 0
export const BOOKED = 1
export const FILLED = 2

/**
 * One per transport, in typed arrays by the connection's index: a broadcast to 4,000 walks flat
 * memory. A connection is sampled at most once per turn, so that within a turn its account grows by
 * exactly what is sent, whatever the network does meanwhile.
 */
export class Accounts {
  readonly #transport: Pick<Transport, 'flushedBytes'>
  /** Both wrap at 2^32; their difference is what waits, far below that. */
  #queued = new Uint32Array(SMALLEST)
  #flushed = new Uint32Array(SMALLEST)
  #sampledIn = new Float64Array(SMALLEST)
  #full = new Uint8Array(SMALLEST)
  /** Its end is decided: nothing is sent any more. */
  #shut = new Uint8Array(SMALLEST)
  /** At most so much of what waits was sent to this connection alone. */
  #own = new Uint32Array(SMALLEST)
  /** Where `#shared` stood when nothing was seen to wait for the connection, the last time. */
  #sharedBefore = new Float64Array(SMALLEST)
  /** Bytes of all frames that were sent to many, each once. */
  #shared = 0
  #turn = 1
  #turnEnds = false
  readonly #endOfTurn = (): void => {
    this.#turnEnds = false
    this.#turn++
  }

  constructor(transport: Pick<Transport, 'flushedBytes'>) {
    this.#transport = transport
  }

  open(connection: Connection): void {
    const index = indexOf(connection)
    if (index >= this.#queued.length) this.#grow(index)
    this.#queued[index] = 0
    this.#flushed[index] = 0
    this.#sampledIn[index] = this.#turn
    this.#full[index] = 0
    this.#shut[index] = 0
    this.#own[index] = 0
    this.#sharedBefore[index] = this.#shared
    this.#awaitEndOfTurn()
  }

  /** Nothing more is sent there. */
  shut(connection: Connection): void {
    this.#shut[indexOf(connection)] = 1
  }

  /** A frame was booked for many. */
  share(bytes: number): void {
    this.#shared += bytes
  }

  /** Of what waits, what was sent to this connection alone: never less than it is. */
  own(connection: Connection): number {
    return Math.min(this.buffered(connection), this.#own[indexOf(connection)] as number)
  }

  /** All that was queued, modulo 2^32. */
  queued(connection: Connection): number {
    return this.#queued[indexOf(connection)] as number
  }

  /** Bytes of all frames for many, each once. */
  get shared(): number {
    return this.#shared
  }

  /** The same, before anything that waits was sent. */
  sharedBefore(connection: Connection): number {
    return this.#sharedBefore[indexOf(connection)] as number
  }

  /** Bytes queued that the kernel had not taken at this turn's sample. */
  buffered(connection: Connection): number {
    const index = indexOf(connection)
    if (this.#sampledIn[index] !== this.#turn) this.#sample(connection)
    return ((this.#queued[index] as number) - (this.#flushed[index] as number)) >>> 0
  }

  /** Bytes queued that the kernel has not taken by now, whatever this turn's sample says. */
  unflushed(connection: Connection): number {
    const queued = this.#queued[indexOf(connection)] as number
    return (queued - this.#transport.flushedBytes(connection)) >>> 0
  }

  /** Books a frame of this connection alone, as `bookShared` does. */
  book(connection: Connection, bytes: number, limits: OutputLimits): Booking {
    const booking = this.bookShared(connection, bytes, limits)
    const index = indexOf(connection)
    if (booking !== REFUSED) this.#own[index] = (this.#own[index] as number) + bytes
    return booking
  }

  /** Books a frame that is about to be posted. One larger than `maxBufferedOut` still goes alone. */
  bookShared(connection: Connection, bytes: number, limits: OutputLimits): Booking {
    const index = indexOf(connection)
    const before = this.buffered(connection)
    const after = before + bytes
    if (before !== 0 && after > limits.maxBufferedOut) return REFUSED
    this.#queued[index] = (this.#queued[index] as number) + bytes
    if (after < limits.writeHighWater || this.#full[index] === 1) return BOOKED
    this.#full[index] = 1
    return FILLED
  }

  /**
   * Books a shared frame for all of `connections`, but for those that have to be looked at one by
   * one: their places are returned. The others have room for it whatever has gone since they were
   * sampled, so nobody asks what that is.
   */
  bookAll(connections: readonly Connection[], bytes: number, limits: OutputLimits): number[] {
    const most = Math.min(limits.writeHighWater - 1, limits.maxBufferedOut) - bytes
    const [queued, flushed, shut] = [this.#queued, this.#flushed, this.#shut]
    const others: number[] = []
    for (let place = 0; place < connections.length; place++) {
      const index = indexOf(connections[place] as Connection)
      const before = queued[index] as number
      const waiting = (before - (flushed[index] as number)) >>> 0
      if (waiting > most || shut[index] === 1) others.push(place)
      else queued[index] = before + bytes
    }
    return others
  }

  isWritable(connection: Connection): boolean {
    return this.#full[indexOf(connection)] === 0
  }

  /**
   * Takes the answer to what was asked; false where more was queued since it was asked, so that the
   * question stands. The answer tells of now, and so does the sample that is held against it.
   */
  drained(connection: Connection, lowWater: number): boolean {
    const index = indexOf(connection)
    this.#sample(connection)
    if (this.buffered(connection) > lowWater) return false
    this.#full[index] = 0
    return true
  }

  /** With every look, and by itself with the microtask that follows a sample. */
  endTurn(): void {
    this.#turn++
  }

  #sample(connection: Connection): void {
    const index = indexOf(connection)
    const queued = this.#queued[index] as number
    const flushed = this.#transport.flushedBytes(connection)
    this.#flushed[index] = flushed
    this.#sampledIn[index] = this.#turn
    const waiting = (queued - flushed) >>> 0
    if (waiting < (this.#own[index] as number)) this.#own[index] = waiting
    if (waiting === 0) this.#sharedBefore[index] = this.#shared
    this.#awaitEndOfTurn()
  }

  #awaitEndOfTurn(): void {
    if (this.#turnEnds) return
    this.#turnEnds = true
    queueMicrotask(this.#endOfTurn)
  }

  #grow(index: number): void {
    const length = 2 ** Math.ceil(Math.log2(index + 1))
    this.#queued = copied(new Uint32Array(length), this.#queued)
    this.#flushed = copied(new Uint32Array(length), this.#flushed)
    this.#sampledIn = copied(new Float64Array(length), this.#sampledIn)
    this.#full = copied(new Uint8Array(length), this.#full)
    this.#shut = copied(new Uint8Array(length), this.#shut)
    this.#own = copied(new Uint32Array(length), this.#own)
    this.#sharedBefore = copied(new Float64Array(length), this.#sharedBefore)
  }
}

function copied<T extends Uint32Array | Float64Array | Uint8Array>(larger: T, smaller: T): T {
  larger.set(smaller)
  return larger
}

const SMALLEST = 16
