import { beforeEach, describe, expect, test } from 'vitest'
import { Accounts } from '../../../ts/backpressure.js'
import { MemoryTransport } from './memory-transport.js'

const PLAYER = 3
const HIGH = 1_000
let transport: MemoryTransport
let accounts: Accounts

beforeEach(() => {
  transport = new MemoryTransport()
  accounts = new Accounts(transport)
  accounts.open(PLAYER)
})

describe('the account of a connection', () => {
  test('grows by what is sent, and falls by what was flushed in the next turn', async () => {
    accounts.charge(PLAYER, 300, HIGH)
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
    accounts.charge(PLAYER, 300, HIGH)
    transport.flushed.set(PLAYER, 300)
    accounts.endTurn()
    expect(accounts.buffered(PLAYER)).toBe(0)
  })

  test('survives the wrap of its counters at 2^32', async () => {
    const step = 2 ** 31
    for (let wraps = 0; wraps < 5; wraps++) {
      accounts.charge(PLAYER, step, Number.POSITIVE_INFINITY)
      transport.flushed.set(PLAYER, ((wraps + 1) * step) >>> 0)
      await Promise.resolve()
      expect(accounts.buffered(PLAYER)).toBe(0)
    }
    accounts.charge(PLAYER, 10, HIGH)
    expect(accounts.buffered(PLAYER)).toBe(10)
  })

  test('starts at zero for the successor on its index', async () => {
    accounts.charge(PLAYER, 5_000, HIGH)
    expect(accounts.isWritable(PLAYER)).toBe(false)
    const successor = PLAYER + 2 ** 20
    accounts.open(successor)
    expect(accounts.buffered(successor)).toBe(0)
    expect(accounts.isWritable(successor)).toBe(true)
  })

  test('has room for an index far beyond the first ones, and loses none', () => {
    accounts.charge(PLAYER, 40, HIGH)
    accounts.open(70_000)
    accounts.charge(70_000, 50, HIGH)
    expect(accounts.buffered(PLAYER)).toBe(40)
    expect(accounts.buffered(70_000)).toBe(50)
  })
})

describe('a frame', () => {
  test('is accepted up to the limit, and not a byte beyond', () => {
    accounts.charge(PLAYER, 60, HIGH)
    expect(accounts.accepts(PLAYER, 40, 100)).toBe(true)
    expect(accounts.accepts(PLAYER, 41, 100)).toBe(false)
  })

  test('that is larger than the limit goes alone', () => {
    expect(accounts.accepts(PLAYER, 5_000, 100)).toBe(true)
    accounts.charge(PLAYER, 5_000, HIGH)
    expect(accounts.accepts(PLAYER, 1, 100)).toBe(false)
  })
})

describe('the high water', () => {
  test('is crossed once, at exactly its mark, until what was asked for is drained', () => {
    expect(accounts.charge(PLAYER, HIGH - 1, HIGH)).toBe(false)
    expect(accounts.isWritable(PLAYER)).toBe(true)
    expect(accounts.charge(PLAYER, 1, HIGH)).toBe(true)
    expect(accounts.isWritable(PLAYER)).toBe(false)
    expect(accounts.charge(PLAYER, 500, HIGH)).toBe(false)
    transport.flushed.set(PLAYER, HIGH)
    expect(accounts.drained(PLAYER, 500)).toBe(true)
    expect(accounts.isWritable(PLAYER)).toBe(true)
    expect(accounts.buffered(PLAYER)).toBe(500)
  })

  test('is not left by an answer that was overtaken by what was queued since', () => {
    accounts.charge(PLAYER, HIGH, HIGH)
    accounts.charge(PLAYER, 9_000, HIGH)
    transport.flushed.set(PLAYER, HIGH)
    expect(accounts.drained(PLAYER, 500)).toBe(false)
    expect(accounts.isWritable(PLAYER)).toBe(false)
  })

  test('stays crossed although the bytes are gone: only `drained` ends it', async () => {
    accounts.charge(PLAYER, HIGH, HIGH)
    transport.flushed.set(PLAYER, HIGH)
    await Promise.resolve()
    expect(accounts.buffered(PLAYER)).toBe(0)
    expect(accounts.isWritable(PLAYER)).toBe(false)
  })
})
