import { describe, expect, it } from 'vitest'
import { decodeValidated } from '../../../ts/codec/decode.js'
import { loadVectors } from '../../vectors/vectors.js'
import { frameOf, verdictOf } from './support.js'

const packed = loadVectors('packed')
const suite = loadVectors('suite')

describe.each([
  ['packed', packed, 150],
  ['suite', suite, 233],
] as const)('the vectors of %s.json', (_, vectors, least) => {
  it('are all there', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(least)
    expect(vectors.filter(({ canonical }) => canonical).length).toBeGreaterThan(60)
  })

  it.each(vectors)('$name', ({ frame, value, canonical, fault }) => {
    const payload = frame.subarray(4)
    expect(verdictOf(payload)).toBe(fault ?? 'ok')
    if (fault !== undefined) return
    const message = decodeValidated(frame, 4, frame.length)
    expect(message).toStrictEqual(value)
    if (canonical) expect(hexOf(frameOf(value))).toBe(hexOf(frame))
  })
})

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
