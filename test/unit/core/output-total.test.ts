import { beforeEach, describe, expect, test } from 'vitest'
import { Accounts } from '../../../ts/backpressure.js'
import { type Holder, OutputTotal } from '../../../ts/output-total.js'

const ROOMY = { maxBufferedOut: 2 ** 30, writeHighWater: 2 ** 30 }
const LIMIT = 10_000

let flushed: Map<number, number>
let accounts: Accounts
let holders: Player[]
let total: OutputTotal
let gone: number[]

class Player implements Holder {
  readonly connection: number
  isHolding = true
  constructor(connection: number) {
    this.connection = connection
    accounts.open(connection)
  }
  evict(): void {
    this.isHolding = false
    gone.push(this.connection)
  }
}

function send(to: number, bytes: number): void {
  accounts.book(to, bytes, ROOMY)
  total.added(bytes)
}

function sendToAll(to: readonly number[], bytes: number): void {
  for (const each of to) accounts.bookShared(each, bytes, ROOMY)
  accounts.share(bytes)
  total.added(bytes)
}

/** The kernel takes so much for it, and a turn ends. */
function take(from: number, bytes: number): void {
  flushed.set(from, (flushed.get(from) ?? 0) + bytes)
  accounts.endTurn()
}

beforeEach(() => {
  flushed = new Map()
  accounts = new Accounts({ flushedBytes: (connection) => (flushed.get(connection) ?? 0) >>> 0 })
  holders = [0, 1, 2, 3].map((connection) => new Player(connection))
  total = new OutputTotal(LIMIT, accounts, new Set(holders))
  gone = []
})

describe('the output of an endpoint', () => {
  test('is the sum of what each has alone, less what has gone', () => {
    send(0, 1_000)
    send(1, 2_000)
    expect(total.survey()).toBe(3_000)
    take(1, 1_500)
    expect(total.survey()).toBe(1_500)
  })

  test('has a frame for many once, until the last of them has taken it', () => {
    sendToAll([0, 1, 2, 3], 4_000)
    expect(total.survey()).toBe(4_000)
    for (const each of [0, 1, 2]) take(each, 4_000)
    expect(total.survey()).toBe(4_000)
    take(3, 4_000)
    expect(total.survey()).toBe(0)
  })

  test('of a stream for all is as long as the slowest lags behind it', () => {
    for (let n = 0; n < 100; n++) {
      sendToAll([0, 1, 2, 3], 100)
      for (const each of [0, 1, 2]) take(each, 100)
      // Always 500 behind, and never done.
      if (n >= 5) take(3, 100)
    }
    expect(total.survey()).toBe(500)
    expect(gone).toEqual([])
  })

  test('is never less than what waits, whoever is sent to, and never more than each by itself', () => {
    total = new OutputTotal(2 ** 30, accounts, new Set(holders))
    const model = new Model()
    const random = randomOf(7)
    for (let step = 0; step < 5_000; step++) {
      const room = [0, 1, 2, 3].filter(() => random(2) === 0)
      const bytes = 1 + random(500)
      const [first] = room
      if (first !== undefined && random(3) === 0) {
        send(first, bytes)
        model.queue([first], bytes)
      } else if (room.length > 0) {
        sendToAll(room, bytes)
        model.queue(room, bytes)
      }
      for (const each of [0, 1, 2, 3]) {
        const taken = Math.min(accounts.buffered(each), random(400))
        take(each, taken)
        model.take(each, taken)
      }
      const buffers = [0, 1, 2, 3].map((each) => accounts.buffered(each))
      expect(total.survey()).toBeGreaterThanOrEqual(model.held())
      expect(total.survey()).toBeLessThanOrEqual(buffers.reduce((sum, each) => sum + each))
    }
  })
})

describe('receivers that nobody samples, as in a broadcast', () => {
  test('are known by the surveys: a stream for all far beyond the limit evicts nobody', () => {
    const all = holders.map(({ connection }) => connection)
    const roomy = { maxBufferedOut: 2 ** 30, writeHighWater: 2 ** 30 }
    // Each has 6,000 of the same bytes waiting all the time: together more than the limit.
    for (let n = 0; n < 1_000; n++) {
      expect(accounts.bookAll(all, 100, roomy)).toEqual([])
      accounts.share(100)
      expect(total.added(100)).toBe(false)
      if (n >= 60) for (const each of all) take(each, 100)
    }
    expect(total.survey()).toBeGreaterThanOrEqual(6_000)
    expect(total.survey()).toBeLessThanOrEqual(6_000 + LIMIT / 16)
  })
})

describe('beyond the limit', () => {
  test('the largest goes first, and no more of them than must', () => {
    send(0, 1_000)
    send(1, 4_000)
    send(2, 3_000)
    send(3, 1_900)
    expect(gone).toEqual([])
    send(0, 500)
    expect(gone).toEqual([1])
    expect(total.survey()).toBe(6_400)
  })

  test('several go where one is not enough, and a single frame beyond it takes its own along', () => {
    for (const each of [0, 1, 2, 3]) send(each, 2_000 + each)
    send(0, 9_000)
    expect(gone).toEqual([0])
    send(1, 20_000)
    expect(gone).toEqual([0, 1])
    expect(total.survey()).toBe(4_005)
  })

  test('what has gone meanwhile evicts nobody', () => {
    for (let n = 0; n < 100; n++) {
      send(0, 5_000)
      take(0, 5_000)
    }
    expect(gone).toEqual([])
  })
})

/** The exact answer: every frame, and how much of it each receiver still waits for. */
class Model {
  readonly #queues: { readonly frame: object; readonly bytes: number; left: number }[][] = [
    [],
    [],
    [],
    [],
  ]

  queue(receivers: readonly number[], bytes: number): void {
    const frame = {}
    for (const each of receivers) this.#queues[each]?.push({ frame, bytes, left: bytes })
  }

  take(from: number, bytes: number): void {
    const queue = this.#queues[from] ?? []
    for (let rest = bytes; rest > 0; ) {
      const head = queue[0]
      if (head === undefined) throw new Error('took what nobody sent')
      const part = Math.min(head.left, rest)
      head.left -= part
      rest -= part
      if (head.left === 0) queue.shift()
    }
  }

  /** What is left of each frame for whoever waits for most of it. */
  held(): number {
    const frames = new Map<object, number>()
    for (const { frame, left } of this.#queues.flat()) {
      frames.set(frame, Math.max(frames.get(frame) ?? 0, left))
    }
    return [...frames.values()].reduce((sum, each) => sum + each, 0)
  }
}

function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}
