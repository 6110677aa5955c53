/** What an endpoint holds in memory to be sent, over all its connections, and who has to go for it. */
import type { Accounts } from './backpressure.js'
import { FIXED } from './options.js'
import type { Connection } from './transport/transport.js'

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
 * counted, each frame once, and only when that might have filled the memory all connections are
 * surveyed. So a game that stays far below its limit pays one subtraction per frame.
 */
export class OutputTotal {
  readonly #limit: number
  readonly #accounts: Accounts
  readonly #holders: ReadonlySet<Holder>
  /** What may be written before the next survey. */
  #credit: number

  constructor(limit: number, accounts: Accounts, holders: ReadonlySet<Holder>) {
    this.#limit = limit
    this.#accounts = accounts
    this.#holders = holders
    this.#credit = limit
  }

  /** A frame was booked, for however many; true where the largest buffers had to make room for it. */
  added(bytes: number): boolean {
    this.#credit -= bytes
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
    const spare = Math.ceil(this.#limit * FIXED.surveyEvery)
    const largestLast = [...held].sort((a, b) => a.buffered - b.buffered)
    const before = held.length
    while (held.length > 0 && total + spare > this.#limit) {
      const largest = largestLast.pop() as Held
      largest.holder.evict(largest.buffered)
      held = held.filter((each) => each !== largest)
      total = totalOf(held)
    }
    this.#credit = this.#limit - total
    return held.length < before
  }

  /** By how far they lag behind. */
  #held(): Held[] {
    const held: Held[] = []
    for (const holder of this.#holders) {
      if (!holder.isHolding) continue
      const { connection } = holder
      const buffered = this.#accounts.buffered(connection)
      if (buffered === 0) continue
      const [own, lag] = [this.#accounts.own(connection), this.#accounts.lag(connection)]
      held.push({ holder, buffered, own, lag })
    }
    return held.sort((a, b) => a.lag - b.lag)
  }
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
