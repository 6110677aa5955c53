import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { decodeValidated } from '../../../ts/codec/decode.js'
import { FrameSplitter } from '../../../ts/codec/frame-splitter.js'
import { FrameWriter } from '../../../ts/codec/frame-writer.js'
import { validate } from '../../../ts/codec/validate.js'
import { DETAILS } from '../../../ts/errors.js'
import { mutate } from '../../support/mutate.js'
import { loadVectors } from '../../vectors/vectors.js'
import { concat, frameOf, Grower, memoryOf, random, serverLimits, split } from './support.js'
import { arrived, message, seed } from './values.js'

const RUNS = process.env['REPOD_FULL'] === '1' ? 100_000 : 10_000
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const vectors = [...loadVectors('packed'), ...loadVectors('suite')]

describe(`with the seed ${seed}`, () => {
  it(`${RUNS} messages arrive as they were sent`, { timeout: 300_000 }, () => {
    const writer = new FrameWriter(new Grower())
    const splitter = new FrameSplitter(serverLimits.maxOutboundFrameLength)
    const memory = memoryOf(256)
    const limits = { ...serverLimits, maxMapEntries: 65_536 }
    const arrivesAsSent = (sent: ReturnType<typeof message.generate>['value']) => {
      const length = writer.write(sent, memory, 0, limits)
      splitter.push(
        new Uint8Array(writer.memory.bytes.subarray(writer.start, writer.start + length)),
      )
      if (!splitter.next()) return false
      const { bytes, start, end } = splitter
      if (validate(bytes, start, end, limits) !== undefined) return false
      return isDeepStrictEqual(decodeValidated(bytes, start, end), arrived(sent))
    }
    fc.assert(fc.property(message, arrivesAsSent), { seed, numRuns: RUNS })
    expect(splitter.buffered).toBe(0)
  })

  it('a stream of frames comes out the same, cut at any place', { timeout: 60_000 }, () => {
    const small = vectors.map(({ frame }) => frame).filter(({ length }) => length < 200)
    const generated = fc.sample(message, { seed, numRuns: 20 }).map((each) => frameOf(each))
    const stream = concat(...small, ...generated.filter(({ length }) => length < 2000))
    const whole = split([stream])
    expect(whole.length).toBeGreaterThan(300)
    for (let cut = 0; cut <= stream.length; cut++) {
      const got = split([stream.subarray(0, cut), stream.subarray(cut)])
      if (!isDeepStrictEqual(got, whole)) expect(got, `cut at ${cut}`).toEqual(whole)
    }
  })

  it('mutated frames get a verdict, and what passes is decoded', { timeout: 300_000 }, () => {
    const next = random(seed)
    const frames = [
      ...vectors.map(({ frame }) => frame),
      ...fc.sample(message, { seed, numRuns: 500 }).map((each) => frameOf(each)),
    ].filter(({ length }) => length < 250)
    const seen = new Map<string, number>()
    for (let run = 0; run < 10 * RUNS; run++) {
      const payload = mutate(frames[run % frames.length] as Uint8Array, next).subarray(4)
      const fault = validate(payload, 0, payload.length, serverLimits)
      const verdict = fault === undefined ? 'ok' : (fault.detail ?? fault.code)
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
      if (fault === undefined) {
        // What was accepted can be sent on, and means the same then.
        const accepted = decodeValidated(payload, 0, payload.length)
        const again = frameOf(accepted)
        const back = decodeValidated(again, 4, again.length)
        if (!isDeepStrictEqual(back, arrived(accepted)))
          expect(back, hexOf(payload)).toEqual(accepted)
      }
    }
    console.log(
      `verdicts: ${[...seen].map(([verdict, count]) => `${verdict} ${count}`).join(', ')}`,
    )
    const reachable = DETAILS.filter((detail) => detail !== 'depth' && detail !== 'map')
    for (const verdict of [...reachable, 'ok', 'INVALID_MESSAGE', 'INVALID_ACTION']) {
      expect(seen.get(verdict), verdict).toBeGreaterThanOrEqual(20)
    }
  })

  it('frames are those of msgpackr, where it has the same forms', { timeout: 60_000 }, () => {
    const packr = new Packr({
      useRecords: false,
      variableMapSize: true,
      encodeUndefinedAsNil: true,
    })
    const leaf = fc.oneof(
      fc.integer(),
      fc.double().filter((each) => !Number.isInteger(each)),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.constantFrom(null, true, false, undefined),
      fc.uint8Array({ maxLength: 300 }),
    )
    const { common } = fc.letrec((tie) => ({
      common: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('common'), { maxLength: 20 }),
        fc.dictionary(
          fc.string({ unit: 'grapheme', maxLength: 20 }).filter((key) => key !== '__proto__'),
          tie('common'),
          { maxKeys: 20, noNullPrototype: true },
        ),
      ),
    }))
    const sameBytes = (v: unknown) => {
      const sent = { action: 'x', v }
      return hexOf(frameOf(sent).subarray(4)) === hexOf(packr.pack(sent))
    }
    fc.assert(fc.property(common, sameBytes), { seed, numRuns: 3000 })
  })
})
