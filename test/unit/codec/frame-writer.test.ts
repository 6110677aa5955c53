import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { FrameWriter } from '../../../ts/codec/frame-writer.js'
import {
  decoded,
  frameOf,
  Grower,
  invalid,
  memoryOf,
  outOfRange,
  refusal,
  refused,
  serverLimits,
  written,
} from './support.js'

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const plain = (hex: string) => hex.replace(/ /g, '')

describe('a frame', () => {
  it('is a length and one map', () => {
    expect(hexOf(frameOf({ action: 'x' }))).toBe('0000000a81a6616374696f6ea178')
  })

  it('begins where it is told to, and leaves what is before and behind it', () => {
    const memory = memoryOf(40)
    memory.bytes.fill(0xee)
    const writer = new FrameWriter(new Grower())
    expect(writer.write({ action: 'x' }, memory, 10, serverLimits)).toBe(14)
    expect(writer.start).toBe(10)
    expect(writer.memory).toBe(memory)
    expect(hexOf(memory.bytes.subarray(0, 10))).toBe('ee'.repeat(10))
    expect(hexOf(memory.bytes.subarray(10, 24))).toBe('0000000a81a6616374696f6ea178')
  })
})

describe('numbers', () => {
  it.each([
    [0, '00'],
    [-0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65_535, 'cdffff'],
    [65_536, 'ce00010000'],
    [2 ** 31, 'ce80000000'],
    [2 ** 32 - 1, 'ceffffffff'],
    [2 ** 32, 'cf0000000100000000'],
    [Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-128, 'd080'],
    [-129, 'd1ff7f'],
    [-32_768, 'd18000'],
    [-32_769, 'd2ffff7fff'],
    [-(2 ** 31), 'd280000000'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
    [-(2 ** 32), 'd3ffffffff00000000'],
    [Number.MIN_SAFE_INTEGER, 'd3ffe0000000000001'],
    [2 ** 53, 'cb4340000000000000'],
    [-(2 ** 53), 'cbc340000000000000'],
    [1.5, 'cb3ff8000000000000'],
    [Number.NaN, 'cb7ff8000000000000'],
    [Number.POSITIVE_INFINITY, 'cb7ff0000000000000'],
    [Number.NEGATIVE_INFINITY, 'cbfff0000000000000'],
    [5e-324, 'cb0000000000000001'],
  ])('%d is %s', (value, hex) => {
    expect(written(value)).toBe(hex)
    expect(written([value])).toBe(`91${hex}`)
  })

  it.each([
    [0n, '00'],
    [-33n, 'd0df'],
    [2n ** 53n, 'cf0020000000000000'],
    [2n ** 64n - 1n, 'cfffffffffffffffff'],
    [-(2n ** 53n), 'd3ffe0000000000000'],
    [-(2n ** 63n), 'd38000000000000000'],
  ])('%d as a bigint is %s', (value, hex) => {
    expect(written(value)).toBe(hex)
  })

  it('D21: a bigint of more than 64 bits is refused', () => {
    const why = 'a bigint must be between -2^63 and 2^64 - 1'
    expect(refusal(2n ** 64n)).toBe(outOfRange('v', why))
    expect(refusal(-(2n ** 63n) - 1n)).toBe(outOfRange('v', why))
  })
})

describe('other scalars', () => {
  it.each([
    [true, 'c3'],
    [false, 'c2'],
    [null, 'c0'],
    [undefined, 'c0'],
    [[undefined], '91c0'],
    [Object.assign(new Array(2), { 1: 1 }), '92c001'],
    [new Array(3), '93c0c0c0'],
    [{ a: undefined }, '81a161c0'],
  ])('%j is %s', (value, hex) => {
    expect(written(value)).toBe(hex)
  })

  it('texts have the shortest head, whatever their characters', () => {
    expect(written('')).toBe('a0')
    expect(written('é')).toBe('a2c3a9')
    for (const unit of ['a', 'é', '語', '😀']) {
      for (const size of [
        1, 7, 8, 10, 15, 16, 23, 24, 25, 31, 32, 63, 85, 86, 127, 128, 255, 256,
      ]) {
        const text = unit.repeat(size)
        const length = Buffer.byteLength(text)
        const head =
          length < 32 ? 0xa0 + length : length < 256 ? 0xd900 + length : 0xda0000 + length
        expect(written(text)).toBe(head.toString(16) + hexOf(Buffer.from(text)))
      }
    }
    for (const size of [2047, 2048, 65_535, 65_536]) {
      const head = size < 65_536 ? (0xda0000 + size).toString(16) : 'db00010000'
      expect(written('x'.repeat(size)) === head + '78'.repeat(size)).toBe(true)
    }
  })

  it('a lone surrogate becomes U+FFFD', () => {
    expect(written('\ud800')).toBe('a3efbfbd')
    expect(written('a\udfffb')).toBe('a561efbfbd62')
    for (const size of [30, 300, 3000]) {
      const text = `${'x'.repeat(size)}\ud83d`
      expect(decoded(frameOf({ action: 'x', v: text }).subarray(4))).toBe(
        `${'x'.repeat(size)}\ufffd`,
      )
    }
  })

  it.each([
    [0, 'd6ff00000000'],
    [4_294_967_295_000, 'd6ffffffffff'],
    [1, 'd7ff003d090000000000'],
    [4_294_967_296_000, 'd7ff0000000100000000'],
    [17_179_869_183_999, 'd7ffee2e1f03ffffffff'],
    [17_179_869_184_000, 'c70cff000000000000000400000000'],
    [-1, 'c70cff3b8b87c0ffffffffffffffff'],
    [-1000, 'c70cff00000000ffffffffffffffff'],
    [8.64e15, 'c70cff00000000000007dba8218000'],
    [-8.64e15, 'c70cff00000000fffff82457de8000'],
  ])('a Date of %d ms is %s', (time, hex) => {
    expect(written(new Date(time))).toBe(hex)
  })
})

describe('bytes', () => {
  it('of every kind of view are the bytes that it shows', () => {
    const { buffer } = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
    expect(written(new Uint8Array(buffer, 2, 2))).toBe('c4020304')
    expect(written(new Uint16Array(buffer, 2, 2))).toBe('c40403040506')
    expect(written(new DataView(buffer, 7))).toBe('c40108')
    expect(written(new Float64Array(buffer))).toBe('c4080102030405060708')
    expect(written(Buffer.from('ab'))).toBe('c4026162')
    expect(written(buffer)).toBe('c4080102030405060708')
    expect(written(new Uint8Array(0))).toBe('c400')
    expect(written(new Uint8Array(256))).toBe(`c50100${'00'.repeat(256)}`)
    expect(written(new Uint8Array(65_536)) === `c600010000${'00'.repeat(65_536)}`).toBe(true)
  })

  it('of shared memory too', () => {
    const shared = new SharedArrayBuffer(2)
    new Uint8Array(shared).set([5, 6])
    expect(written(new Uint8Array(shared))).toBe('c4020506')
    expect(written(shared)).toBe('c4020506')
  })

  it('whatever a subclass says of itself', () => {
    class Odd extends Uint8Array {
      override get byteLength(): number {
        return 100_000
      }
      override get length(): number {
        return 100_000
      }
    }
    expect(written(new Odd([1, 2]))).toBe('c4020102')
  })

  it('that are gone are refused', () => {
    const buffer = new ArrayBuffer(8)
    const views = [new Uint8Array(buffer), new DataView(buffer), buffer]
    structuredClone(buffer, { transfer: [buffer] })
    for (const view of views) {
      expect(refusal([view])).toBe(invalid('v[0]', 'its memory is gone (transferred or resized)'))
    }
  })

  it('of memory that was resized are what is left', () => {
    const buffer = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]) as ArrayBuffer
    const tracking = new Uint8Array(buffer)
    const { resize } = buffer as ArrayBuffer & { resize(length: number): void }
    resize.call(buffer, 2)
    expect(written(tracking)).toBe('c4020000')
    resize.call(buffer, 10)
    expect(written(tracking)).toBe(`c40a${'00'.repeat(10)}`)
  })
})

describe('maps', () => {
  it('are the own enumerable string keys of an object, in their order', () => {
    class Hero {
      name = 'Ada'
      #secret = 1
      get level(): number {
        return this.#secret
      }
      toJSON(): string {
        return 'never called'
      }
    }
    const hero = Object.assign(new Hero(), { [Symbol('s')]: 1 })
    Object.defineProperty(hero, 'hidden', { value: 1, enumerable: false })
    expect(written(hero)).toBe(plain('81 a4 6e616d65 a3 416461'))
    expect(written(Object.create({ inherited: 1 }, {}))).toBe('80')
    expect(written(Object.assign(Object.create(null), { a: 1 }))).toBe('81a16101')
    expect(written({ b: 1, a: 2, 1: 3 })).toBe('83a13103a16201a16102')
  })

  it('have heads of every width, and keys too', () => {
    for (const size of [15, 16, 17, 65_535, 65_536]) {
      const object = Object.fromEntries(Array.from({ length: size }, (_, key) => [`k${key}`, 1]))
      const hex = written(object)
      const head = size < 16 ? `8${size.toString(16)}` : size < 65_536 ? 'de' : 'df'
      expect(hex.startsWith(head)).toBe(true)
      const count = size < 16 ? '' : size.toString(16).padStart(size < 65_536 ? 4 : 8, '0')
      expect(hex.startsWith(`${head}${count}a26b3001`)).toBe(true)
    }
    for (const size of [0, 1, 30, 31, 32, 62, 63, 64, 65, 255, 256]) {
      const head = size < 32 ? 0xa0 + size : size < 256 ? 0xd900 + size : 0xda0000 + size
      const hex = `81${head.toString(16)}${'6b'.repeat(size)}01`
      const object = { ['k'.repeat(size)]: 1 }
      expect(written(object)).toBe(hex)
    }
  })

  it('of a Map keep its keys, texts and integers', () => {
    expect(written(new Map<unknown, unknown>([['a', 1]]))).toBe('81a16101')
    const keys = new Map<unknown, number>([
      [1, 1],
      [-1, 2],
      [300, 3],
      [2n ** 63n, 4],
      [-0, 5],
    ])
    expect(written(keys)).toBe('850101ff02cd012c03cf80000000000000000400 05'.replace(' ', ''))
    class Sub extends Map<unknown, unknown> {
      override get size(): number {
        return 9
      }
      override *[Symbol.iterator](): MapIterator<[unknown, unknown]> {}
    }
    expect(written(new Sub([['k', 1]]))).toBe('81a16b01')
  })

  it('may be the message itself', () => {
    const message = new Map<string, unknown>([
      ['n', 1],
      ['action', 'x'],
    ])
    expect(hexOf(frameOf(message))).toBe('0000000d82a16e01a6616374696f6ea178')
    expect(refused(new Map([['n', 1]]))).toBe(
      invalid('the message', 'it must be an object with a string `action`'),
    )
  })

  it('of another realm are maps, Dates, errors all the same', () => {
    expect(written(runInNewContext('({ a: [1] })'))).toBe('81a1619101')
    expect(written(runInNewContext('new Map([[1, 2]])'))).toBe('810102')
    expect(written(runInNewContext('new Date(0)'))).toBe('d6ff00000000')
    expect(written(runInNewContext('new Uint8Array([1])'))).toBe('c40101')
    expect(refusal(runInNewContext('new TypeError("x")'))).toBe(invalid('v', 'it is an Error'))
  })
})
