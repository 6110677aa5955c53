/** Time for handlers, so that a flood of messages leaves the rest of the program its turns. */
import { ENGINE } from '../options.js'

/** Bounds one turn of dispatch by time. The clock is read every `ENGINE.messagesPerClock` messages. */
export class TimeBudget {
  readonly #now: () => number
  #until = 0
  #messages = 0
  #over = false

  /** `now` in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Begins a turn of `milliseconds`; Infinity has no bound, and asks no clock. */
  start(milliseconds: number): void {
    this.#messages = 0
    this.#over = false
    this.#until = milliseconds === Infinity ? Infinity : this.#now() + milliseconds
  }

  /** Counts one message; false once the time is over. */
  spend(): boolean {
    this.#messages++
    if (this.#messages % ENGINE.messagesPerClock === 0 && this.#until !== Infinity) {
      this.#over = this.#now() >= this.#until
    }
    return !this.#over
  }
}
