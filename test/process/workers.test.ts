/** Each worker has an engine of its own, which goes with it, however it goes. */
import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { run } from './support.js'

describe.runIf(TRANSPORTS.includes('native'))('workers', () => {
  it('a hundred workers are terminated under load, and the process goes on', {
    timeout: 180_000,
  }, async () => {
    const { code, signal, out, error } = await run('workers', 100)
    expect({ code, signal, error }).toEqual({ code: 0, signal: null, error: '' })
    expect(JSON.parse(out)).toEqual([[1, 100]])
  })

  it('workers stop, exit and throw beside a busy main thread', { timeout: 60_000 }, async () => {
    const { code, signal, out, error } = await run('worker-ends')
    expect({ code, signal, error }).toEqual({ code: 0, signal: null, error: '' })
    expect(JSON.parse(out)).toEqual([
      ['stop', 0, ''],
      ['exit', 3, ''],
      ['throw', 1, 'of the worker'],
    ])
  })
})
