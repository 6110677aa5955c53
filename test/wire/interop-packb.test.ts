import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PYTHON } from '../support/python.js'
import { frameOf } from '../unit/codec/support.js'
import { message, seed } from '../unit/codec/values.js'
import { noteOf } from '../vectors/vectors.js'

const COUNT = process.env['REPOD_FULL'] === '1' ? 100_000 : 10_000
const BATCH = 10_000

it(`${COUNT} frames are those of Python's msgpack (seed ${seed})`, { timeout: 600_000 }, () => {
  let bytes = 0
  for (let batch = 0; batch < COUNT / BATCH; batch++) {
    const messages = fc.sample(message, { seed: seed + batch, numRuns: BATCH })
    const packed = pack(messages)
    expect(packed.length).toBe(BATCH)
    for (const [index, each] of messages.entries()) {
      const frame = Buffer.from(frameOf(each))
      const payload = frame.toString('hex', 4)
      if (payload !== packed[index]) expect(payload, fc.stringify(each)).toBe(packed[index])
      expect(frame.readUInt32BE(0)).toBe(frame.length - 4)
      bytes += frame.length
    }
  }
  console.log(`compared ${COUNT} frames of ${bytes} bytes`)
})

function pack(messages: readonly object[]): string[] {
  const script = fileURLToPath(new URL('peers/packb.py', import.meta.url))
  const { status, stdout, stderr } = spawnSync(PYTHON, [script], {
    input: messages.map((each) => `${JSON.stringify(noteOf(each))}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    env: { ...process.env, PYTHONIOENCODING: 'utf8', PYTHONDONTWRITEBYTECODE: '1' },
  })
  if (status !== 0) throw new Error(`Python ended with ${status}: ${stderr}`)
  return stdout.trim().split('\n')
}
