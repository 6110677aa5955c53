/** The walk in TypeScript and the walk in Rust, on the same frames: one verdict, one detail. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type InboundLimits, validate } from '../../ts/codec/validate.js'
import { ENDPOINT_WORDS } from '../../ts/tape/layout.js'
import { mutate } from '../support/mutate.js'
import { frameOf, serverLimits } from '../unit/codec/support.js'
import { message, seed } from '../unit/codec/values.js'
import { loadVectors } from '../vectors/vectors.js'

const COUNT = process.env['REPOD_FULL'] === '1' ? 1_000_000 : 100_000
const root = fileURLToPath(new URL('../../', import.meta.url))

describe(`the walks agree, with the seed ${seed}`, () => {
  const frames = [...loadVectors('packed'), ...loadVectors('suite')].map(({ frame }) => frame)
  const sources = [
    ...frames,
    ...fc.sample(message, { seed, numRuns: 1000 }).map((each) => frameOf(each)),
  ].filter(({ length }) => length < 250)
  const random = generator(seed)
  const mutated = Array.from({ length: COUNT }, (_, index) =>
    mutate(sources[index % sources.length] as Uint8Array, random),
  )

  it('on the vectors', { timeout: 300_000 }, () => {
    expect(compare(frames, serverLimits)).toBeGreaterThan(300)
  })

  it(`on ${COUNT} mutated frames`, { timeout: 600_000 }, () => {
    expect(compare(mutated, serverLimits)).toBeGreaterThan(COUNT / 100)
  })

  it('on the same under limits that they meet', { timeout: 600_000 }, () => {
    const tight = { maxDepth: 2, maxElements: 6, maxMapEntries: 3, maxKeyLength: 6 }
    const few = mutated.slice(0, COUNT / 2)
    expect(compare(few, { ...serverLimits, ...tight, maxActionLength: 3 })).toBeGreaterThan(0)
  })
})

/** How many of the frames both accept. */
function compare(frames: readonly Uint8Array[], limits: typeof serverLimits): number {
  const theirs = verdictsOfRust(frames, limits)
  expect(theirs.length).toBe(frames.length)
  const counts = new Map<string, number>()
  for (const [index, frame] of frames.entries()) {
    const ours = verdictOf(frame, limits)
    counts.set(ours, (counts.get(ours) ?? 0) + 1)
    if (ours !== theirs[index]) {
      expect(ours, Buffer.from(frame).toString('hex')).toBe(theirs[index])
    }
  }
  console.log([...counts].map(([verdict, count]) => `${verdict}: ${count}`).join(', '))
  return counts.get('ok') ?? 0
}

function verdictOf(frame: Uint8Array, limits: InboundLimits): string {
  const fault = validate(frame, 4, frame.length, limits)
  if (fault === undefined) return 'ok'
  return fault.detail === undefined ? fault.code : `${fault.code} ${fault.detail}`
}

function verdictsOfRust(frames: readonly Uint8Array[], limits: typeof serverLimits): string[] {
  const words = ENDPOINT_WORDS.slice(0, 6).map((name) => String(limits[name]))
  const { status, stdout, stderr } = spawnSync(
    'cargo',
    ['run', '--release', '--quiet', '-p', 'repod-codec', '--example', 'verdicts', '--', ...words],
    { cwd: root, input: Buffer.concat(frames), encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  if (status !== 0) throw new Error(`cargo ended with ${status}: ${stderr}`)
  return stdout.trim().split('\n')
}

/** xorshift32. */
function generator(from: number): () => number {
  let state = from | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
