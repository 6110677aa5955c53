import { beforeEach, describe, expect, test } from 'vitest'
import { Accounts, BOOKED, FILLED, REFUSED } from '../../../ts/backpressure.js'
import { MemoryTransport } from './memory-transport.js'

const PLAYER = 3
const HIGH = 1_000
const LIMITS = { maxBufferedOut: 100_000, writeHighWater: HIGH }
let transport: MemoryTransport
let accounts: Accounts

beforeEach(() => {
  transport = new MemoryTransport()
  accounts = new Accounts(transport)
  accounts.open(PLAYER)
})

describe('the account of a connection', () => {
  test('grows by what is sent, and falls by what was flushed in the next turn', async () => {
    accounts.book(PLAYER, 300, LIMITS)
    expect(accounts.buffered(PLAYER)).toBe(300)
    transport.flushed.set(PLAYER, 200)
    expect(accounts.buffered(PLAYER)).toBe(300)
    await Promise.resolve()
    expect(accounts.buffered(PLAYER)).toBe(100)
  })

  test('is sampled once per turn, however often it is asked', async () => {
    await Promise.resolve()
    transport.samples = 0
    for (let time = 0; time < 100; time++) accounts.buffered(PLAYER)
    expect(transport.samples).toBe(1)
  })

  test('is sampled again after a look, in a loop that never yields', () => {
    accounts.book(PLAYER, 300, LIMITS)
    transport.flushed.set(PLAYER, 300)
    accounts.endTurn()
    expect(accounts.buffered(PLAYER)).toBe(0)
  })

  test('survives the wrap of its counters at 2^32', async () => {
    const step = 2 ** 31
    for (let wraps = 0; wraps < 5; wraps++) {
      accounts.book(PLAYER, step, { ...LIMITS, writeHighWater: 2 ** 32 })
      transport.flushed.set(PLAYER, ((wraps + 1) * step) >>> 0)
      await Promise.resolve()
      expect(accounts.buffered(PLAYER)).toBe(0)
    }
    accounts.book(PLAYER, 10, LIMITS)
    expect(accounts.buffered(PLAYER)).toBe(10)
  })

  test('starts at zero for the successor on its index', async () => {
    accounts.book(PLAYER, 5_000, LIMITS)
    expect(accounts.isWritable(PLAYER)).toBe(false)
    const successor = PLAYER + 2 ** 20
    accounts.open(successor)
    expect(accounts.buffered(successor)).toBe(0)
    expect(accounts.isWritable(successor)).toBe(true)
  })

  test('has room for an index far beyond the first ones, and loses none', () => {
    accounts.book(PLAYER, 40, LIMITS)
    accounts.open(70_000)
    accounts.book(70_000, 50, LIMITS)
    expect(accounts.buffered(PLAYER)).toBe(40)
    expect(accounts.buffered(70_000)).toBe(50)
  })
})

describe('a frame', () => {
  const small = { maxBufferedOut: 100, writeHighWater: HIGH }

  test('is accepted up to the limit, and not a byte beyond', () => {
    accounts.book(PLAYER, 60, small)
    expect(accounts.book(PLAYER, 41, small)).toBe(REFUSED)
    expect(accounts.book(PLAYER, 40, small)).toBe(BOOKED)
    expect(accounts.book(PLAYER, 1, small)).toBe(REFUSED)
    expect(accounts.buffered(PLAYER)).toBe(100)
  })

  test('that is larger than the limit goes alone', () => {
    expect(accounts.book(PLAYER, 5_000, small)).toBe(FILLED)
    expect(accounts.book(PLAYER, 1, small)).toBe(REFUSED)
  })
})

describe('the high water', () => {
  test('is crossed once, at exactly its mark, until what was asked for is drained', () => {
    expect(accounts.book(PLAYER, HIGH - 1, LIMITS)).toBe(BOOKED)
    expect(accounts.isWritable(PLAYER)).toBe(true)
    expect(accounts.book(PLAYER, 1, LIMITS)).toBe(FILLED)
    expect(accounts.isWritable(PLAYER)).toBe(false)
    expect(accounts.book(PLAYER, 500, LIMITS)).toBe(BOOKED)
    transport.flushed.set(PLAYER, HIGH)
    expect(accounts.drained(PLAYER, 500)).toBe(true)
    expect(accounts.isWritable(PLAYER)).toBe(true)
    expect(accounts.buffered(PLAYER)).toBe(500)
  })

  test('is not left by an answer that was overtaken by what was queued since', () => {
    accounts.book(PLAYER, HIGH, LIMITS)
    accounts.book(PLAYER, 9_000, LIMITS)
    transport.flushed.set(PLAYER, HIGH)
    expect(accounts.drained(PLAYER, 500)).toBe(false)
    expect(accounts.isWritable(PLAYER)).toBe(false)
  })

  test('stays crossed although the bytes are gone: only `drained` ends it', async () => {
    accounts.book(PLAYER, HIGH, LIMITS)
    transport.flushed.set(PLAYER, HIGH)
    await Promise.resolve()
    expect(accounts.buffered(PLAYER)).toBe(0)
    expect(accounts.isWritable(PLAYER)).toBe(false)
  })
})

describe('a frame for many', () => {
  const MANY = [1, 2, 3, 4].map((index) => index + 5 * 2 ** 20)

  beforeEach(() => {
    for (const connection of MANY) accounts.open(connection)
  })

  test('is booked for all that have room, and nobody is sampled for it', async () => {
    await Promise.resolve()
    transport.samples = 0
    expect(accounts.bookAll(MANY, 300, LIMITS)).toEqual([])
    expect(transport.samples).toBe(0)
    expect(MANY.map((connection) => accounts.buffered(connection))).toEqual([300, 300, 300, 300])
  })

  test('is left to be booked one by one where an end is decided, or the water may be high', () => {
    const [first, second, third] = MANY as [number, number, number, number]
    accounts.shut(first)
    accounts.book(second, HIGH - 301, LIMITS)
    accounts.book(third, HIGH - 300, LIMITS)
    expect(accounts.bookAll(MANY, 300, LIMITS)).toEqual([0, 2])
    expect(MANY.map((connection) => accounts.buffered(connection))).toEqual([0, 999, 700, 300])
    expect(accounts.book(third, 300, LIMITS)).toBe(FILLED)
    expect(accounts.bookAll(MANY, 300, { ...LIMITS, maxBufferedOut: 500 })).toEqual([0, 1, 2, 3])
    accounts.open(first)
    expect(accounts.bookAll([first], 300, LIMITS)).toEqual([])
  })

  test('finds the room that was made once it seems to be gone', () => {
    for (let frame = 0; frame < 3; frame++) accounts.bookAll(MANY, 300, LIMITS)
    for (const connection of MANY) transport.flushed.set(connection, 900)
    expect(accounts.bookAll(MANY, 300, LIMITS)).toEqual([0, 1, 2, 3])
    accounts.endTurn()
    for (const connection of MANY) expect(accounts.bookShared(connection, 300, LIMITS)).toBe(BOOKED)
    expect(accounts.bookAll(MANY, 300, LIMITS)).toEqual([])
  })
})
