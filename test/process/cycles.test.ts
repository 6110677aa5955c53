/** L21: what a server takes it gives back, however often it starts. */
import { expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { talkTo } from './support.js'

const CYCLES = 1_000

interface Measured {
  readonly descriptors: number
  readonly threads: number
  readonly rss: number
}

for (const transport of TRANSPORTS) {
  it(`L21 ${CYCLES} starts and stops on one port leave nothing, on ${transport}`, {
    timeout: 120_000,
  }, async () => {
    // One arena, and a young generation that does not grow: what is left is what somebody keeps.
    const flags = ['--expose-gc', '--max-semi-space-size=2']
    const setting = { flags, env: { MALLOC_ARENA_MAX: '1' } }
    const program = talkTo(setting, 'cycles', transport, CYCLES)
    const { before, after } = await program.hear<{ before: Measured; after: Measured }>()
    expect(after.descriptors).toBe(before.descriptors)
    expect(after.threads).toBe(before.threads)
    expect(after.rss - before.rss).toBeLessThan(8 * 2 ** 20)
    expect(await program.end()).toBe(0)
  })
}
