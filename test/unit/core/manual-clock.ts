import type { Clock } from '../../../ts/clock.js'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** A clock whose hands the test turns. */
export class ManualClock implements Clock {
  time = 0
  /** What `now()` adds by itself each time that it is asked. */
  tick = 0
  readonly timers: Set<Timer> = new Set()
  #soon: (() => void)[] = []

  now(): number {
    this.time += this.tick
    return this.time
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  /** Lets time pass; what is due runs in its order. */
  advance(ms: number): void {
    this.time += ms
    const due = [...this.timers].filter(({ at }) => at <= this.time)
    for (const timer of due.sort((a, b) => a.at - b.at)) {
      if (this.timers.delete(timer)) timer.run()
    }
  }

  /** The next turn of the event loop; how many things ran in it. */
  turn(): number {
    const due = this.#soon
    this.#soon = []
    for (const run of due) run()
    return due.length
  }
}
