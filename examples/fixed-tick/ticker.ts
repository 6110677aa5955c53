/** Ticks at a fixed rate, on average exactly; a timer alone rounds to whole milliseconds. */
const CATCH_UP = 5

/** Calls `tick` `rate` times per second until the function that it gives is called. */
export function everyTick(rate: number, tick: () => void): () => void {
  const step = 1000 / rate
  let next = performance.now() + step
  let stopped = false
  let timer: NodeJS.Timeout
  wait()
  return () => {
    stopped = true
    clearTimeout(timer)
  }

  function wait(): void {
    timer = setTimeout(run, next - performance.now())
  }

  function run(): void {
    const now = performance.now()
    // After a long stall the game goes on from here, instead of running to make up for all of it.
    if (now - next > CATCH_UP * step) next = now
    while (next <= now && !stopped) {
      next += step
      tick()
    }
    if (!stopped) wait()
  }
}
