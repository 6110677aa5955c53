/** The same messages and mutations on each way that a message can take. */
import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ServerOptions } from '../../ts/index.js'
import { selectTransport } from '../../ts/transport/select.js'
import { random } from '../native/support.js'
import { messages, mutate } from './cases.js'
import { expected, verdicts } from './run.js'

const COUNT = 100_000

export function verdictSuite(name: string, options: ServerOptions, tapeShare: number): void {
  const seed = Number(process.env['REPOD_SEED'] ?? randomInt(2 ** 31))

  it(`${COUNT} generated messages arrive as they are: ${name} (seed ${seed})`, {
    timeout: 300_000,
  }, async () => {
    const frames = messages(COUNT, seed)
    const before = counts(options)
    compare(frames, await verdicts(options, frames))
    const tape = counts(options).tape - before.tape
    console.log(`${name}: ${tape} of ${COUNT} messages by the tape`)
    expect(tape).toBeGreaterThanOrEqual(COUNT * tapeShare)
    if (tapeShare === 0) expect(tape).toBe(0)
  })

  it(`${COUNT} mutated messages get the verdict of the walk: ${name} (seed ${seed})`, {
    timeout: 300_000,
  }, async () => {
    const next = random(seed ^ 0x5bd1e995)
    const frames = messages(COUNT, seed + 1).map((frame) => mutate(frame, next))
    compare(frames, await verdicts(options, frames))
  })
}

function compare(frames: readonly Buffer[], got: readonly string[]): void {
  for (const [i, frame] of frames.entries()) {
    const want = expected(frame)
    if (got[i] !== want) expect(got[i], frame.toString('hex')).toBe(want)
  }
}

function counts(options: ServerOptions): { tape: number } {
  const { transport } = selectTransport(options.transport ?? 'auto')
  return { tape: transport.counters.tapeMessages }
}
