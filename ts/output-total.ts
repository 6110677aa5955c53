/** What an endpoint holds in memory to be sent, over all its connections, and who has to go for it. */
import type { Accounts } from './backpressure.js'
import { FIXED } from './options.js'
import { type Connection, indexOf } from './transport/transport.js'

/** What is asked of a connection. */
export interface Holder {
  readonly connection: Connection
  /** Whether what it was sent is still held for it. */
  readonly isHolding: boolean
  /** Drops what it was sent, at once. */
  evict(buffered: number): void
}

/**
 * Exact counting would have to follow every frame to every receiver. Instead what is written is
 * counted, each frame once, and all connections are surveyed once in a while: a game pays two
 * additions per frame. The surveys leave marks behind, by which the next ones know how far each
 * connection lags behind what was sent to many.
 */
export class OutputTotal {
  readonly #limit: number
  readonly #accounts: Accounts
  readonly #holders: ReadonlySet<Holder>
  /** By their age, the oldest first; together they reach back by more than the limit. */
  readonly #marks: Mark[] = []
  #sinceMark = 0
  /** What may be written before the next survey. */
  #credit: number

  constructor(limit: number, accounts: Accounts, holders: ReadonlySet<Holder>) {
    this.#limit = limit
    this.#accounts = accounts
    this.#holders = holders
    this.#credit = limit * FIXED.surveyEvery
  }

  /** A frame was booked, for however many; true where the largest buffers had to make room for it. */
  added(bytes: number): boolean {
    this.#credit -= bytes
    this.#sinceMark += bytes
    return this.#credit < 0 && this.#makeRoom()
  }

  /** Bytes in memory, never less than there are; a frame that several wait for counts once. */
  survey(): number {
    return totalOf(this.#held())
  }

  #makeRoom(): boolean {
    let held = this.#held()
    let total = totalOf(held)
    // Found beyond what is needed, it saves the surveys of the next frames.
    const spare = Math.ceil(this.#limit * FIXED.sparedByEviction)
    const largestLast = [...held].sort((a, b) => a.buffered - b.buffered)
    const before = held.length
    while (held.length > 0 && total + spare > this.#limit) {
      const largest = largestLast.pop() as Held
      largest.holder.evict(largest.buffered)
      held = held.filter((each) => each !== largest)
      total = totalOf(held)
    }
    this.#credit = Math.min(this.#limit - total, this.#limit * FIXED.surveyEvery)
    if (this.#sinceMark >= this.#limit * FIXED.surveyEvery) this.#mark()
    return held.length < before
  }

  #mark(): void {
    let last = 0
    for (const { connection } of this.#holders) last = Math.max(last, indexOf(connection))
    const queued = new Uint32Array(last + 1)
    for (const { connection, isHolding } of this.#holders) {
      if (isHolding) queued[indexOf(connection)] = this.#accounts.queued(connection)
    }
    this.#marks.push({ shared: this.#accounts.shared, queued })
    if (this.#marks.length > 1 + 1 / FIXED.surveyEvery) this.#marks.shift()
    this.#sinceMark = 0
  }

  /** Bytes that were sent to many since the oldest of what waits; too many by a mark at most. */
  #lagOf(connection: Connection, buffered: number): number {
    const { shared } = this.#accounts
    const queued = this.#accounts.queued(connection)
    const before = this.#accounts.sharedBefore(connection)
    for (let at = this.#marks.length - 1; at >= 0; at--) {
      const mark = this.#marks[at] as Mark
      // Older than its idle moment: it says less, or its place was another's then.
      if (mark.shared <= before) break
      const since = (queued - (mark.queued[indexOf(connection)] as number)) >>> 0
      if (since >= buffered) return shared - mark.shared
    }
    return shared - before
  }

  /** By how far they lag behind. */
  #held(): Held[] {
    const held: Held[] = []
    for (const holder of this.#holders) {
      if (!holder.isHolding) continue
      const { connection } = holder
      const buffered = this.#accounts.buffered(connection)
      if (buffered === 0) continue
      const own = this.#accounts.own(connection)
      const lag = this.#lagOf(connection, buffered)
      held.push({ holder, buffered, own, lag })
    }
    return held.sort((a, b) => a.lag - b.lag)
  }
}

/** A moment: what had been sent to many by then, and queued for each connection, by its index. */
interface Mark {
  readonly shared: number
  readonly queued: Uint32Array
}

interface Held {
  readonly holder: Holder
  readonly buffered: number
  readonly own: number
  readonly lag: number
}

/**
 * What frames for many take is either counted along a stretch of the endpoint's stream of them, once
 * for all whose oldest byte lies in it, or with a connection that lags behind that stretch. Each
 * stretch gives a bound; the smallest counts. The shortest is none: every buffer by itself.
 */
function totalOf(held: readonly Held[]): number {
  let total = held.reduce((sum, { buffered }) => sum + buffered, 0)
  let beyond = total
  let within = 0
  for (const { buffered, own, lag } of held) {
    beyond -= buffered
    within += own
    total = Math.min(total, beyond + within + lag)
  }
  return total
}
