import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { runWith } from './support.js'

describe.runIf(TRANSPORTS.includes('native'))('code generation', () => {
  it('is not needed: where it is forbidden, all goes by bytes', async () => {
    const flag = '--disallow-code-generation-from-strings'
    const { code, signal, out, error } = await runWith([flag], 'codegen')
    expect({ code, signal, error }).toEqual({ code: 0, signal: null, error: '' })
    expect(JSON.parse(out)).toEqual({ tapeMessages: 0, enough: true })
  })
})
