import { describe, expect, it } from 'vitest'
import { validate } from '../../../ts/codec/validate.js'
import { bytes, concat, field, repeated, serverLimits, verdictOf } from './support.js'

const A = bytes('81 a6 "action" a1 "x"')

describe('a payload is refused', () => {
  it.each([
    ['an empty one', '', 'DECODE_ERROR truncated'],
    ['M2: the reserved byte', 'c1', 'DECODE_ERROR reserved'],
    ['M3: a map that ends after its key', '81 a1 61', 'DECODE_ERROR truncated'],
    ['M3: a text that is cut', 'a5 61 62 63', 'DECODE_ERROR truncated'],
    ['M3: an extension that is cut', 'd6 ff 00', 'DECODE_ERROR truncated'],
    ['M3: a length that is missing', 'c4', 'DECODE_ERROR truncated'],
    ['M3: a length that is cut', 'da 00', 'DECODE_ERROR truncated'],
    ['M5: a second value', 'c0 c0', 'DECODE_ERROR trailing'],
    ['M5: a byte behind the message', '81 a6 "action" a1 "x" c0', 'DECODE_ERROR trailing'],
    ['M6: an array of 2^32 - 1', 'dd ff ff ff ff', 'DECODE_ERROR elements'],
    ['M6: a map of 2^32 - 1', 'df ff ff ff ff', 'DECODE_ERROR elements'],
    ['M6: a text of 2^32 - 1', 'db ff ff ff ff', 'DECODE_ERROR truncated'],
    ['M6: bytes of 2^32 - 1', 'c6 ff ff ff ff', 'DECODE_ERROR truncated'],
    ['M6: an extension of 2^32 - 1', 'c9 ff ff ff ff 05', 'DECODE_ERROR truncated'],
    ['M7: an array of 20 million in 5 bytes', 'dd 01 31 2d 00', 'DECODE_ERROR elements'],
    ['a map whose count is over half of what is left', '82 a1 "a" 01', 'DECODE_ERROR elements'],
    ['a root with `__proto__`', '81 a9 "__proto__" 80', 'DECODE_ERROR key'],
    ['M21: a key twice', '82 a1 61 01 a1 61 02', 'DECODE_ERROR key'],
    ['M21: the action twice', '82 a6 "action" a1 78 a6 "action" a1 79', 'DECODE_ERROR key'],
    ['M26: the key nil', '81 c0 01', 'DECODE_ERROR key'],
    ['M26: the key true', '81 c3 01', 'DECODE_ERROR key'],
    ['M26: bytes as a key', '81 c4 01 61 01', 'DECODE_ERROR key'],
    ['M26: an array as a key', '81 90 0a', 'DECODE_ERROR key'],
    ['M26: a map as a key', '81 80 01', 'DECODE_ERROR key'],
    ['M25: the key NaN', '81 cb 7f f8 00 00 00 00 00 00 01', 'DECODE_ERROR key'],
    ['M25: a float32 as a key', '81 ca 7f c0 00 00 01', 'DECODE_ERROR key'],
    ['a timestamp as a key', '81 d6 ff 00 00 00 00 01', 'DECODE_ERROR key'],
    ['a reserved byte as a key', '81 c1 01', 'DECODE_ERROR reserved'],
    ['a map that ends before its key', '82 a1 61 91 a1', 'DECODE_ERROR truncated'],
  ])('%s', (_, payload, verdict) => {
    expect(verdictOf(bytes(payload))).toBe(verdict)
  })

  it.each([
    ['M18: half of a sequence', 'a2 c3 28', 'utf8'],
    ['M18: a surrogate', 'a3 ed a0 80', 'utf8'],
    ['M18: in a key', '81 a1 ff 01', 'utf8'],
    ['an overlong form', 'a2 c0 80', 'utf8'],
    ['an overlong form of three', 'a3 e0 80 80', 'utf8'],
    ['an overlong form of four', 'a4 f0 80 80 80', 'utf8'],
    ['beyond U+10FFFF', 'a4 f4 90 80 80', 'utf8'],
    ['a lead byte that never was', 'a4 f8 88 80 80', 'utf8'],
    ['a continuation alone', 'a1 80', 'utf8'],
    ['a sequence that the text cuts', 'a2 e2 82 a1 ac', 'utf8'],
    ['M27: an extension of type 5', 'd4 05 00', 'ext'],
    ['M27: of type -128', 'd4 80 00', 'ext'],
    ['M27: an empty one', 'c7 00 05', 'ext'],
    ['M28: 1e9 ns', 'd7 ff ee 6b 28 00 00 00 00 00', 'ext'],
    ['M28: seconds beyond any Date', 'c7 0c ff 00 00 00 00 7f ff ff ff ff ff ff ff', 'ext'],
    ['M28: 2^32 - 1 ns', 'c7 0c ff ff ff ff ff 00 00 00 00 00 00 00 00', 'ext'],
    ['the ms after the last Date', 'c7 0c ff 00 0f 42 40 00 00 07 db a8 21 80 00', 'ext'],
    ['the ns before the first Date', 'c7 0c ff 3b 9a c9 ff ff ff f8 24 57 de 7f ff', 'ext'],
    ['a timestamp of two bytes', 'd5 ff 00 00', 'ext'],
    ['a timestamp of 16 bytes', 'd8 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00', 'ext'],
    ['an empty timestamp', 'c7 00 ff', 'ext'],
    ['M15: `__proto__`', '81 a9 "__proto__" 81 a5 "admin" c3', 'key'],
    ['`__proto__` in its longest form', '81 db 00 00 00 09 "__proto__" 01', 'key'],
    ['1 and "1"', '82 01 c0 a1 "1" c0', 'key'],
    ['"1" and 1', '82 a1 "1" c0 01 c0', 'key'],
    ['1 twice, in two widths', '82 01 c0 cc 01 c0', 'key'],
    [
      '2^64 - 1 and its text',
      '82 cf ff ff ff ff ff ff ff ff c0 b4 "18446744073709551615" c0',
      'key',
    ],
    ['an integer key that is cut', '81 cd 00', 'truncated'],
    ['the empty key twice', '82 a0 01 d9 00 01', 'key'],
  ])('a field with %s', (_, value, detail) => {
    expect(verdictOf(field(value))).toBe(`DECODE_ERROR ${detail}`)
  })

  it('M8, M10, M13: bombs, after at most maxElements values', () => {
    expect(verdictOf(repeated(bytes('dc ff ff'), 21_845))).toBe('DECODE_ERROR elements')
    expect(verdictOf(concat(repeated(bytes('91'), 65_535), bytes('c0')))).toBe('DECODE_ERROR depth')
    expect(verdictOf(concat(bytes('dc ff f0'), repeated(bytes('80'), 65_520)))).toBe(
      'DECODE_ERROR elements',
    )
  })
})

describe('a payload that passed whole is asked for its shape', () => {
  it.each([
    ['M1: nil', 'c0', 'INVALID_MESSAGE'],
    ['D6: an array', '91 a6 "action"', 'INVALID_MESSAGE'],
    ['D6: an integer', '05', 'INVALID_MESSAGE'],
    ['D6: a text', 'a6 "action"', 'INVALID_MESSAGE'],
    ['D6: a timestamp', 'd6 ff 00 00 00 00', 'INVALID_MESSAGE'],
    ['D6: no action', '80', 'INVALID_MESSAGE'],
    ['an action one level down', '81 a1 "a" 81 a6 "action" a1 "x"', 'INVALID_MESSAGE'],
    ['an action in an array', '91 81 a6 "action" a1 "x"', 'INVALID_MESSAGE'],
    ['D5: the action 5', '81 a6 "action" 05', 'INVALID_ACTION'],
    ['D5: the action nil', '81 a6 "action" c0', 'INVALID_ACTION'],
    ['D5: the action true', '81 a6 "action" c3', 'INVALID_ACTION'],
    ['D5: the action 1.5', '81 a6 "action" cb 3f f8 00 00 00 00 00 00', 'INVALID_ACTION'],
    ['D5: the action [1]', '81 a6 "action" 91 01', 'INVALID_ACTION'],
    ['D5: the action {a: 1}', '81 a6 "action" 81 a1 "a" 01', 'INVALID_ACTION'],
    ['M31: the action as bytes', '81 a6 "action" c4 01 78', 'INVALID_ACTION'],
    ['D7: an empty action', '81 a6 "action" a0', 'ok'],
    ['an action in its longest form', '81 db 00 00 00 06 "action" db 00 00 00 01 "x"', 'ok'],
  ])('%s', (_, payload, verdict) => {
    expect(verdictOf(bytes(payload))).toBe(verdict)
  })

  it('D7: an action has up to 64 bytes', () => {
    const action = (length: number) =>
      concat(bytes('81 a6 "action" d9'), new Uint8Array([length]), repeated(bytes('61'), length))
    expect(verdictOf(action(64))).toBe('ok')
    expect(verdictOf(action(65))).toBe('INVALID_ACTION')
  })
})

describe('limits are exact', () => {
  it('M12: a depth of 64 passes, 65 does not', () => {
    // The message is level 1, so the field holds one level less.
    const nested = (levels: number) =>
      concat(field(), repeated(bytes('91'), levels - 2), bytes('90'))
    expect(verdictOf(nested(64))).toBe('ok')
    expect(verdictOf(nested(65))).toBe('DECODE_ERROR depth')
    const maps = (levels: number) =>
      concat(field(), repeated(bytes('81 a1 "k"'), levels - 2), bytes('80'))
    expect(verdictOf(maps(64))).toBe('ok')
    expect(verdictOf(maps(65))).toBe('DECODE_ERROR depth')
  })

  it('maxElements counts each value, the message too, and no key', () => {
    const limits = { ...serverLimits, maxElements: 5 }
    expect(verdictOf(field('92 c0 c0'), limits)).toBe('ok')
    expect(verdictOf(field('93 c0 c0 c0'), limits)).toBe('DECODE_ERROR elements')
  })

  it('maxMapEntries is of each map', () => {
    const limits = { ...serverLimits, maxMapEntries: 2 }
    expect(verdictOf(field('82 01 c0 02 82 01 c0 02 c0'), limits)).toBe('ok')
    expect(verdictOf(field('83 01 c0 02 c0 03 c0'), limits)).toBe('DECODE_ERROR map')
  })

  it('maxKeyLength counts bytes, and comes before the text that is missing', () => {
    const limits = { ...serverLimits, maxKeyLength: 6 }
    expect(verdictOf(field('81 a6 c3 a9 c3 a9 c3 a9 c0'), limits)).toBe('ok')
    expect(verdictOf(field('81 a7 c3 a9 c3 a9 c3 a9 61 c0'), limits)).toBe('DECODE_ERROR key')
    expect(verdictOf(field('81 db ff ff ff ff'), limits)).toBe('DECODE_ERROR key')
    expect(verdictOf(field('81 a6 61'), limits)).toBe('DECODE_ERROR truncated')
  })
})

describe('the first violation wins', () => {
  const limits = { ...serverLimits, maxElements: 3, maxDepth: 2, maxMapEntries: 1 }
  it.each([
    ['the reserved byte before the count of values', '91 91 c1', 'DECODE_ERROR reserved'],
    ['the count of values before the length', '93 c0 c0 da', 'DECODE_ERROR elements'],
    ['the length before the depth', '91 91 dc 00', 'DECODE_ERROR truncated'],
    ['the depth before the count of elements', '91 91 dd ff ff ff ff', 'DECODE_ERROR depth'],
    ['the count of elements before that of entries', '82 01 01', 'DECODE_ERROR elements'],
    ['the text before its end', '91 a2 c3 28 c1', 'DECODE_ERROR utf8'],
    ['a key before its value', '81 c0 c1', 'DECODE_ERROR key'],
  ])('%s', (_, payload, verdict) => {
    expect(verdictOf(bytes(payload), limits)).toBe(verdict)
  })

  it('what is behind the message before what the message is', () => {
    expect(verdictOf(bytes('c0 c1'))).toBe('DECODE_ERROR trailing')
  })
})

describe('a key twice is found', () => {
  // Keys that share their length, their first, their middle and their last byte, and keys that do not.
  const alike = (index: number) => `a${index.toString(36).padStart(6, '0')}m${'x'.repeat(6)}z`
  const short = (index: number) => `k${index}`
  const cases = [2, 15, 16, 17, 300].flatMap((count) =>
    [alike, short].map((key) => [count, key] as const),
  )
  it.each(cases)('among %d keys', (count, key) => {
    const map = (keys: readonly string[]) =>
      concat(
        field('de', keys.length.toString(16).padStart(4, '0')),
        ...keys.map((text) => {
          const encoded = Buffer.from(text)
          return concat(new Uint8Array([0xa0 | encoded.length]), encoded, bytes('c0'))
        }),
      )
    const keys = Array.from({ length: count }, (_, index) => key(index))
    expect(verdictOf(map(keys))).toBe('ok')
    for (const twice of [0, (count - 2) >> 1, count - 2]) {
      const repeated = [...keys.slice(0, -1), key(twice)]
      expect(verdictOf(map(repeated))).toBe('DECODE_ERROR key')
    }
  })

  it('in the outer map after an inner one, and not across maps', () => {
    expect(verdictOf(field('82 a1 "a" 81 a1 "a" 01 a1 "b" 81 a1 "a" 01'))).toBe('ok')
    expect(verdictOf(field('82 a1 "a" 81 a1 "b" 01 a1 "a" 01'))).toBe('DECODE_ERROR key')
    expect(verdictOf(field('82 01 81 01 01 02 81 01 01'))).toBe('ok')
    expect(verdictOf(field('82 01 81 02 01 01 c0'))).toBe('DECODE_ERROR key')
  })
})

it('nothing outside start and end is looked at', () => {
  const around = concat(bytes('c1 c1'), A, bytes('c1'))
  for (let length = 1; length <= A.length; length++) {
    const fault = validate(around, 2, 2 + length, serverLimits)
    expect(fault?.detail).toBe(
      length < 3 ? 'elements' : length < A.length ? 'truncated' : undefined,
    )
  }
})
