/** Time above the seam, injected wherever something waits: tests turn the hands themselves. */
export interface Clock {
  /** Milliseconds that never run backwards. */
  now(): number
  /** Runs once after `ms`, unless the answer is called before. Keeps the process alive. */
  after(ms: number, run: () => void): () => void
  /** Runs in the next turn of the event loop. */
  soon(run: () => void): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  soon: (run) => void setImmediate(run),
}
