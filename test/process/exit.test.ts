/** A process that ends under load ends as it says, never by a signal. */
import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { run } from './support.js'

const TIMES = 50

describe.runIf(TRANSPORTS.includes('native'))('the end of a process', () => {
  it('process.exit(7), in a handler and between turns, gives 7 every time', {
    timeout: 120_000,
  }, async () => {
    for (let i = 0; i < TIMES; i++) {
      const ended = await run('exit', i % 2 === 0 ? 'handler' : 'turn', 100 + 37 * i)
      expect(ended).toEqual({ code: 7, signal: null, out: '', error: '' })
    }
  })

  it('an uncaught throw gives 1, every time', { timeout: 120_000 }, async () => {
    for (let i = 0; i < TIMES; i++) {
      const { code, signal, error } = await run('exit', 'throw', 100 + 37 * i)
      expect({ code, signal }).toEqual({ code: 1, signal: null })
      expect(error).toContain('Error: uncaught')
    }
  })

  it('calls from an exit listener do no harm', async () => {
    const { code, signal, out, error } = await run('exit', 'listener', 1_000)
    expect({ code, signal, error }).toEqual({ code: 7, signal: null, error: '' })
    expect(out).toBe('sent to 4')
  })

  it("an unref'd server and its clients end with the last timer, served until then", async () => {
    const started = performance.now()
    const { code, signal, out, error } = await run('unref')
    expect({ code, signal, error }).toEqual({ code: 0, signal: null, error: '' })
    // A flood that waits for the loop to be woken by somebody else brings a handful.
    expect(Number(out)).toBeGreaterThan(1_000)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
