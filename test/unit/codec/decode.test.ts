import { describe, expect, it } from 'vitest'
import { decodeValidated } from '../../../ts/codec/decode.js'
import { bytes, concat, decoded, field, repeated } from './support.js'

describe('integers', () => {
  it.each([
    ['00', 0],
    ['7f', 127],
    ['e0', -32],
    ['ff', -1],
    ['cc 80', 128],
    ['cd ff ff', 65_535],
    ['ce ff ff ff ff', 4_294_967_295],
    ['d0 80', -128],
    ['d1 80 00', -32_768],
    ['d2 80 00 00 00', -2_147_483_648],
    ['cf 00 00 00 00 00 00 00 01', 1],
    ['d3 00 00 00 00 00 00 00 01', 1],
    ['d3 ff ff ff ff ff ff ff ff', -1],
    ['cf 00 1f ff ff ff ff ff ff', Number.MAX_SAFE_INTEGER],
    ['d3 ff e0 00 00 00 00 00 01', Number.MIN_SAFE_INTEGER],
  ])('%s is the number %d', (value, number) => {
    expect(decoded(field(value))).toBe(number)
  })

  it.each([
    ['cf 00 20 00 00 00 00 00 00', 9_007_199_254_740_992n],
    ['cf 00 20 00 00 00 00 00 01', 9_007_199_254_740_993n],
    ['d3 00 20 00 00 00 00 00 00', 9_007_199_254_740_992n],
    ['d3 ff e0 00 00 00 00 00 00', -9_007_199_254_740_992n],
    ['d3 ff df ff ff ff ff ff ff', -9_007_199_254_740_993n],
    ['cf ff ff ff ff ff ff ff ff', 18_446_744_073_709_551_615n],
    ['d3 80 00 00 00 00 00 00 00', -9_223_372_036_854_775_808n],
    ['d3 7f ff ff ff ff ff ff ff', 9_223_372_036_854_775_807n],
  ])('%s is no safe number and becomes a bigint', (value, bigint) => {
    expect(decoded(field(value))).toBe(bigint)
  })
})

describe('floats', () => {
  it.each([
    ['cb 80 00 00 00 00 00 00 00', -0],
    ['cb 7f f8 00 00 00 00 00 00', Number.NaN],
    ['cb 7f f0 00 00 00 00 00 00', Number.POSITIVE_INFINITY],
    ['cb ff f0 00 00 00 00 00 00', Number.NEGATIVE_INFINITY],
    ['cb 00 00 00 00 00 00 00 01', 5e-324],
    ['cb 43 40 00 00 00 00 00 00', 9_007_199_254_740_992],
    ['ca 80 00 00 00', -0],
    ['ca 7f c0 00 00', Number.NaN],
    ['ca 3d cc cc cd', 0.10000000149011612],
    ['ca ff 80 00 00', Number.NEGATIVE_INFINITY],
  ])('%s is exactly %d', (value, number) => {
    expect(decoded(field(value))).toBe(number)
  })
})

describe('texts', () => {
  it.each([0, 1, 12, 57, 58, 61, 62, 63, 64, 65, 97, 200])(
    'keep a byte order mark in front of %d characters',
    (length) => {
      const text = concat(bytes('ef bb bf'), repeated(bytes('61'), length))
      const size = text.length
      const head = new Uint8Array(size < 32 ? [0xa0 | size] : [0xd9, size])
      expect(decoded(concat(field(), head, text))).toBe(`\ufeff${'a'.repeat(length)}`)
    },
  )

  it('are what their bytes say, in each width of the length', () => {
    expect(decoded(field('d9 01 78'))).toBe('x')
    expect(decoded(field('da 00 01 78'))).toBe('x')
    expect(decoded(field('db 00 00 00 01 78'))).toBe('x')
    expect(decoded(field('a0'))).toBe('')
    expect(decoded(field('a1 00'))).toBe('\0')
    expect(decoded(field('a4 f0 9f 98 80'))).toBe('😀')
  })

  it('are read from shared memory too', () => {
    const payload = concat(field('d9 46'), repeated(bytes('c3 a9'), 35))
    const shared = new Uint8Array(new SharedArrayBuffer(payload.length))
    shared.set(payload)
    expect(decodeValidated(shared, 0, shared.length)['v']).toBe('é'.repeat(35))
  })
})

describe('bytes', () => {
  it.each(['c4 02 01 02', 'c5 00 02 01 02', 'c6 00 00 00 02 01 02'])(
    '%s become a plain Uint8Array of memory of its own',
    (value) => {
      const payload = Buffer.from(field(value))
      const binary = decodeValidated(payload, 0, payload.length)['v'] as Uint8Array
      expect(binary).toStrictEqual(new Uint8Array([1, 2]))
      expect(binary.constructor).toBe(Uint8Array)
      expect(binary.buffer.byteLength).toBe(2)
      payload.fill(0)
      expect(binary).toStrictEqual(new Uint8Array([1, 2]))
    },
  )

  it('from shared memory are not shared', () => {
    const payload = field('c4 02 01 02')
    const shared = new Uint8Array(new SharedArrayBuffer(payload.length))
    shared.set(payload)
    const binary = decodeValidated(shared, 0, shared.length)['v'] as Uint8Array
    expect(binary.buffer).toBeInstanceOf(ArrayBuffer)
  })
})

describe('maps', () => {
  it('are plain objects, and integer keys become decimal texts', () => {
    const value = decoded(
      field('85 01 c0 ff c0 cc 80 c0 cf ff ff ff ff ff ff ff ff c0 d1 80 00 c0'),
    )
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.keys(value as object).sort()).toEqual(
      ['-1', '-32768', '1', '128', '18446744073709551615'].sort(),
    )
  })

  it('take any form of a text as a key', () => {
    expect(decoded(field('83 d9 01 "a" 01 da 00 01 "b" 02 db 00 00 00 01 "c" 03'))).toStrictEqual({
      a: 1,
      b: 2,
      c: 3,
    })
  })

  it('keep keys apart that are alike', () => {
    for (const keys of [
      ['ab', 'ba'],
      ['aa', 'bB'],
      ['é', 'è'],
      ['', '\0'],
    ]) {
      const parts = keys.map((key) => {
        const text = Buffer.from(key).toString('hex')
        return `${(0xa0 + text.length / 2).toString(16)} ${text} 01`
      })
      for (const part of [...parts, ...parts]) {
        expect(Object.keys(decoded(field('81', part)) as object)[0]).toBe(keys[parts.indexOf(part)])
      }
    }
  })

  it('have the names of Object.prototype as keys like any other', () => {
    const value = decoded(field('82 ab "constructor" 01 a8 "toString" 02')) as object
    expect(Object.entries(value)).toEqual([
      ['constructor', 1],
      ['toString', 2],
    ])
  })
})

describe('timestamps', () => {
  it.each([
    ['d6 ff 00 00 00 01', 1000],
    ['d6 ff ff ff ff ff', 4_294_967_295_000],
    ['d7 ff 00 00 00 04 00 00 00 00', 0],
    ['d7 ff ee 6b 27 fc 00 00 00 01', 1999],
    // 999,999,999 ns late in the range: in doubles this would be the next second.
    ['d7 ff ee 6b 27 ff ff ff ff ff', 17_179_869_183_999],
    ['c7 0c ff 3b 9a c9 ff 00 00 00 3a ff f4 41 7f', 253_402_300_799_999],
    ['c7 0c ff 00 00 00 00 ff ff ff ff ff ff ff ff', -1000],
    ['c7 0c ff 3b 9a c9 ff ff ff ff ff ff ff ff ff', -1],
    ['c7 0c ff 00 00 00 01 ff ff ff ff ff ff ff ff', -1000],
    ['c7 04 ff 00 00 00 01', 1000],
    ['c8 00 08 ff 00 00 00 00 00 00 00 01', 1000],
    ['c9 00 00 00 0c ff 00 00 00 00 00 00 00 00 00 00 00 01', 1000],
    ['c7 0c ff 00 0f 42 3f 00 00 07 db a8 21 80 00', 8_640_000_000_000_000],
    ['c7 0c ff 00 00 00 00 ff ff f8 24 57 de 80 00', -8_640_000_000_000_000],
  ])('%s is a Date of %d ms', (value, time) => {
    const date = decoded(field(value)) as Date
    expect(date).toBeInstanceOf(Date)
    expect(date.getTime()).toBe(time)
  })
})

it('an array is an Array without holes', () => {
  expect(decoded(field('93 c0 c2 c3'))).toStrictEqual([null, false, true])
  expect(decoded(field('dc 00 01 90'))).toStrictEqual([[]])
  expect(decoded(field('dd 00 00 00 01 80'))).toStrictEqual([{}])
})
