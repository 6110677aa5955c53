import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { everyTick } from '../../examples/fixed-tick/ticker.js'
import { TRANSPORTS } from '../support/transports.js'
import { portOf, start } from './support.js'

describe.each(TRANSPORTS)('the lane on %s', (transport) => {
  it('gives the coin to the one who runs there, and none to the one who stands', async () => {
    const server = start('fixed-tick/server', { transport })
    const port = await portOf(server, transport)
    const idle = start('fixed-tick/client', { transport, port })
    const runner = start('fixed-tick/client', { transport, port })
    // The first coin lies to the left of where they begin.
    runner.type('a')
    expect(await runner.next()).toBe('coins: 1')

    runner.type('q')
    expect(await runner.ended()).toBe('0')
    expect(await server.interrupt()).toBe('0')
    expect(await idle.ended()).toBe('0')
    expect(idle.seen).toBe('')
  })
})

describe('the ticker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('keeps a rate that is no whole number of milliseconds', () => {
    let ticks = 0
    const stop = everyTick(60, () => ticks++)
    vi.advanceTimersByTime(10_001)
    expect(ticks).toBe(600)
    stop()
    vi.advanceTimersByTime(1_000)
    expect(ticks).toBe(600)
  })

  it('is stopped by a tick', () => {
    let ticks = 0
    const stop = everyTick(60, () => {
      ticks++
      stop()
    })
    vi.advanceTimersByTime(1_000)
    expect(ticks).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
