/** What nobody else hears of: failures of handlers where the program has no `onError` of its own. */
import { type Clock, systemClock } from './clock.js'
import type { RepodError, RepodErrorCode } from './errors.js'
import { visible, visibleStack } from './escape.js'

export type Emit = (message: string, options: { code: string; detail: string }) => void

/** Prints a failure once per code and second, and how many were left out before it. */
export class Complaints {
  readonly #clock: Clock
  readonly #emit: Emit
  readonly #lately = new Map<RepodErrorCode, { at: number; left: number }>()

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock
    this.#emit = emit
  }

  print(error: RepodError): void {
    const now = this.#clock.now()
    const last = this.#lately.get(error.code)
    if (last !== undefined && now - last.at < INTERVAL) {
      last.left++
      return
    }
    this.#lately.set(error.code, { at: now, left: 0 })
    const more = last === undefined || last.left === 0 ? '' : ` (and ${last.left} more before it)`
    const detail = visibleStack(error.cause)
    this.#emit(visible(error.message) + more, { code: error.code, detail })
  }
}

/** Milliseconds. */
const INTERVAL = 1_000

export const complaints: Complaints = new Complaints(systemClock, (message, options) => {
  process.emitWarning(message, { type: 'RepodWarning', ...options })
})
