import { describe, expect, test } from 'vitest'
import { ENGINE } from '../../../ts/options.js'
import { ReadyQueue, type Source } from '../../../ts/transport/ready-queue.js'
import { TimeBudget } from '../../../ts/transport/turn.js'

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('TimeBudget', () => {
  test('reads the clock every `messagesPerClock` messages, and is over then', () => {
    let now = 0
    let reads = 0
    const budget = new TimeBudget(() => {
      reads++
      return now
    })
    budget.start(2)
    now = 100
    for (let n = 1; n < ENGINE.messagesPerClock; n++) expect(budget.spend()).toBe(true)
    expect(reads).toBe(1)
    expect(budget.spend()).toBe(false)
    expect(budget.isOver).toBe(true)
    expect(reads).toBe(2)
    budget.start(2)
    expect(budget.isOver).toBe(false)
  })

  test('without a bound it asks no clock', () => {
    const budget = new TimeBudget(() => {
      throw new Error('asked')
    })
    budget.start(Number.POSITIVE_INFINITY)
    for (let n = 0; n < 1_000; n++) expect(budget.spend()).toBe(true)
  })
})

/** Messages of one connection; its clock moves with each of them. */
class Messages implements Source {
  left: number
  readonly #log: string[]
  readonly #name: string
  readonly #each: () => void

  constructor(name: string, left: number, log: string[], each: () => void = () => {}) {
    this.#name = name
    this.left = left
    this.#log = log
    this.#each = each
  }

  pass(budget: TimeBudget): boolean {
    this.#log.push(this.#name)
    for (let n = 0; n < ENGINE.messagesPerPass; n++) {
      if (this.left === 0) return false
      this.left--
      this.#each()
      if (!budget.spend()) return true
    }
    return true
  }
}

function queueOf(now: () => number, log: string[] = []): ReadyQueue {
  const hooks = { budget: () => 2, began: () => log.push('began'), ended: () => log.push('ended') }
  return new ReadyQueue(new TimeBudget(now), hooks)
}

describe('ReadyQueue', () => {
  test('serves what arrives at once, then round-robin, one pass each', async () => {
    const log: string[] = []
    const queue = queueOf(() => 0, log)
    queue.arrived(new Messages('a', 150, log))
    queue.arrived(new Messages('b', 100, log))
    queue.arrived(new Messages('c', 10, log))
    expect(log).toEqual(['began', 'a', 'b', 'c'])
    await turn()
    expect(log).toEqual(['began', 'a', 'b', 'c', 'a', 'b', 'a', 'ended'])
  })

  test('leaves to the next turn what the time does not suffice for', async () => {
    let now = 0
    const log: string[] = []
    const queue = queueOf(() => now, log)
    const slow = new Messages('slow', 64, log, () => now++)
    const other = new Messages('other', 1, log)
    queue.arrived(slow)
    queue.arrived(other)
    expect(log).toEqual(['began', 'slow'])
    expect(slow.left).toBe(32)
    expect(other.left).toBe(1)
    await turn()
    // A turn of its own for the rest: again 32 messages, and the other one had to wait for them.
    expect(slow.left).toBe(0)
    expect(other.left).toBe(1)
    await turn()
    expect(other.left).toBe(0)
    expect(log.filter((each) => each === 'ended').length).toBeGreaterThan(1)
  })

  test('a source that throws keeps its place and holds up nobody', async () => {
    const log: string[] = []
    const queue = queueOf(() => 0, log)
    let throws = 1
    const thrower: Source = {
      pass() {
        if (throws-- > 0) throw new Error('on purpose')
        log.push('thrower')
        return false
      },
    }
    const other = new Messages('other', 70, log)
    queue.arrived(other)
    expect(() => queue.arrived(thrower)).toThrow('on purpose')
    await turn()
    expect(log).toEqual(['began', 'other', 'other', 'thrower', 'ended'])
    expect(other.left).toBe(0)
  })

  test('add() dispatches nothing inside the call', async () => {
    const log: string[] = []
    const queue = queueOf(() => 0, log)
    queue.add(new Messages('a', 1, log))
    expect(log).toEqual(['began'])
    expect(queue.isOpen).toBe(true)
    await turn()
    expect(log).toEqual(['began', 'a', 'ended'])
    expect(queue.isOpen).toBe(false)
  })
})
