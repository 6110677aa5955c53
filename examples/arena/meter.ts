/** What the game pays on its own thread, and what the players feel. */
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { ArenaServer } from './server.js'
import type { Row } from './table.js'

const onLinux = process.platform === 'linux'

/** What `threadTime` counts: where the system does not tell, waiting for a core counts too. */
export const THREAD_TIME: string = onLinux ? 'CPU' : 'busy time'

/** Microseconds that this thread has worked, and not waited for events. */
function threadTime(): number {
  if (!onLinux) return performance.eventLoopUtilization().active * 1000
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  return Number(nanoseconds) / 1000
}

interface Sample {
  readonly at: number
  readonly thread: number
  readonly messagesIn: number
  readonly messagesOut: number
}

export class Meter {
  readonly #server: ArenaServer
  readonly #began: Sample
  #last: Sample
  #recent: number[] = []
  #all: number[] = []

  constructor(server: ArenaServer) {
    this.#server = server
    this.#began = this.#last = this.#sample()
  }

  add(roundTrips: readonly number[]): void {
    this.#recent.push(...roundTrips)
  }

  /** Since the last row. */
  row(): Row {
    const now = this.#sample()
    const row = this.#between(this.#last, now, this.#recent)
    this.#all = this.#all.concat(this.#recent)
    this.#recent = []
    this.#last = now
    return row
  }

  /** Since the beginning. */
  total(): Row {
    return this.#between(this.#began, this.#sample(), this.#all.concat(this.#recent))
  }

  #sample(): Sample {
    const { messagesIn, messagesOut } = this.#server.stats()
    return { at: performance.now(), thread: threadTime(), messagesIn, messagesOut }
  }

  #between(from: Sample, to: Sample, roundTrips: readonly number[]): Row {
    const seconds = (to.at - from.at) / 1000
    const messagesIn = to.messagesIn - from.messagesIn
    const messagesOut = to.messagesOut - from.messagesOut
    const sorted = roundTrips.toSorted((a, b) => a - b)
    return {
      seconds: (to.at - this.#began.at) / 1000,
      players: this.#server.channels.size,
      inPerSecond: messagesIn / seconds,
      outPerSecond: messagesOut / seconds,
      timePerMessage: (to.thread - from.thread) / (messagesIn + messagesOut),
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      leaders: this.#server.leaders(3),
    }
  }
}

/** The value below which that share of the sorted values lies. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
