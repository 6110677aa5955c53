/**
 * Whose turn it is on the pure transport. Sockets tell of their data one by one; what they bring is
 * dispatched at once while the turn's time lasts, and one pass after the other, round-robin, in the
 * turns that follow. A turn ends with an immediate: by then every socket that was ready was heard.
 */
import type { TimeBudget } from './turn.js'

export interface Source {
  /** Dispatches at most one pass; true if there may be more. */
  pass(budget: TimeBudget): boolean
}

export interface TurnHooks {
  /** Milliseconds for the handlers of one turn. */
  budget(): number
  began(): void
  /** Everything of this turn was dispatched, or its time is over: send what handlers wrote. */
  ended(): void
}

export class ReadyQueue {
  readonly #budget: TimeBudget
  readonly #hooks: TurnHooks
  /** In the order of their turns: a Set keeps it, also when one leaves and comes back at the end. */
  readonly #waiting: Set<Source> = new Set()
  #open = false

  constructor(budget: TimeBudget, hooks: TurnHooks) {
    this.#budget = budget
    this.#hooks = hooks
  }

  /** True from the first arrival until the immediate that ends the turn. */
  get isOpen(): boolean {
    return this.#open
  }

  /** Data came: one pass now, if the turn has time and the source is not waiting already. */
  arrived(source: Source): void {
    if (!this.#open) {
      this.#begin()
      this.#budget.start(this.#hooks.budget())
    }
    if (this.#budget.isOver) this.#waiting.add(source)
    else if (!this.#waiting.has(source)) this.#pass(source)
  }

  /** There is work for the next turn, from a call of the owner: nothing is dispatched inside it. */
  add(source: Source): void {
    this.#waiting.add(source)
    if (!this.#open) this.#begin()
  }

  remove(source: Source): void {
    this.#waiting.delete(source)
  }

  #begin(): void {
    this.#open = true
    this.#hooks.began()
    setImmediate(() => this.#finish())
  }

  #finish(): void {
    this.#open = false
    try {
      if (this.#waiting.size > 0) this.#budget.start(this.#hooks.budget())
      for (const source of this.#waiting) {
        if (this.#budget.isOver) break
        this.#waiting.delete(source)
        this.#pass(source)
      }
    } finally {
      // Also after a throw: what one connection brought about must not hold up the others.
      if (this.#waiting.size > 0 && !this.#open) this.#begin()
      this.#hooks.ended()
    }
  }

  #pass(source: Source): void {
    let more = true
    try {
      more = source.pass(this.#budget)
    } finally {
      if (more) this.#waiting.add(source)
    }
  }
}
