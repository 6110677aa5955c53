import fc from 'fast-check'
import { expect, it } from 'vitest'
import { codegenAllowed } from '../../../ts/codec/codegen.js'
import { ENGINE } from '../../../ts/options.js'
import { TAPE_HEADER, TYPE } from '../../../ts/tape/layout.js'
import { type Latin1Source, TapeReaders } from '../../../ts/tape/reader.js'
import type { ObjectShape, ShapeType } from '../../../ts/tape/shapes.js'
import { describeShape, flatten, tapeRecord } from '../../support/records.js'

const I32: ShapeType = { type: TYPE.I32 }
const F64: ShapeType = { type: TYPE.F64 }
const TEXT: ShapeType = { type: TYPE.TEXT }

function shape(action: string, fields: Record<string, ShapeType>): ObjectShape {
  return { type: TYPE.OBJECT, fields: [{ key: 'action', value: constant(action) }, ...of(fields)] }
}
function object(fields: Record<string, ShapeType>): ObjectShape {
  return { type: TYPE.OBJECT, fields: of(fields) }
}
function of(fields: Record<string, ShapeType>): { key: string; value: ShapeType }[] {
  return Object.entries(fields).map(([key, value]) => ({ key, value }))
}
function array(element: ShapeType): ShapeType {
  return { type: TYPE.ARRAY, element }
}
function constant(text: string): ShapeType {
  return { type: TYPE.CONSTANT, text }
}

/** Through a record that stands behind `gap` bytes of other records. */
function roundTrip(root: ObjectShape, message: object, gap = 64): unknown {
  const { read } = new TapeReaders().of(Uint8Array.from(describeShape(root)))
  const flat = flatten(root, message)
  const record = tapeRecord({ index: 0, generation: 0 }, 0, 0, flat)
  const ring = new SharedArrayBuffer(Math.max(4096, gap + record.length + 8))
  const bytes = Buffer.from(ring)
  bytes.fill(0xaa)
  bytes.set(record, gap)
  const fields = gap + TAPE_HEADER
  const ints = fields + 8 * flat.doubles.length
  return read(
    new Int32Array(ring),
    ints / 4,
    new Float64Array(ring),
    fields / 8,
    bytes as unknown as Latin1Source,
    ints + 4 * flat.ints.length,
    flat.short.length,
  )
}

/** Equal, in the order of the keys too. */
function expectSame(actual: unknown, expected: object): void {
  expect(actual).toStrictEqual(expected)
  expect(JSON.stringify(actual)).toBe(JSON.stringify(expected))
}

it('builds a small input from numbers', () => {
  const root = shape('input', { seq: I32, dx: F64, dy: F64, buttons: I32 })
  const message = { action: 'input', seq: -100_000, dx: 0.5, dy: -0.25, buttons: 255 }
  expectSame(roundTrip(root, message), message)
})

it('builds players of a state, fields before and behind the array', () => {
  const player = object({ id: I32, x: F64, alive: { type: TYPE.BOOLEAN }, name: TEXT })
  const root = shape('state', { tick: I32, players: array(player), last: F64, by: TEXT })
  const message = {
    action: 'state',
    tick: 7,
    players: [
      { id: 1, x: 0.5, alive: true, name: 'Ada' },
      { id: 2, x: 1.5, alive: false, name: 'a name of more than twelve' },
      { id: 3, x: 2.5, alive: true, name: '' },
    ],
    last: 3.5,
    by: 'grüße',
  }
  expectSame(roundTrip(root, message), message)
})

it('builds arrays in arrays, empty ones among them', () => {
  const root = shape('map', { rows: array(array(object({ cell: array(I32), at: F64 }))), n: I32 })
  const message = {
    action: 'map',
    rows: [
      [{ cell: [1, 2, 3], at: 0.5 }],
      [],
      [
        { cell: [], at: 1.5 },
        { cell: [4], at: 2.5 },
      ],
    ],
    n: 9,
  }
  expectSame(roundTrip(root, message), message)
})

it('keeps doubles exact', () => {
  const root = shape('d', { v: array(F64) })
  const v = [Number.NaN, Infinity, -Infinity, -0, 2 ** 53, Number.MIN_VALUE, Math.PI]
  expect(roundTrip(root, { action: 'd', v })).toStrictEqual({ action: 'd', v })
})

it('cuts texts at twelve characters, every Latin-1 character', () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
  for (let length = 0; length <= 26; length++) {
    const text = all.slice(230, 230 + length)
    const root = shape('t', { a: TEXT, b: TEXT, c: TEXT })
    const message = { action: 't', a: text, b: all, c: text }
    expectSame(roundTrip(root, message), message)
  }
})

it('gives plain objects that share nothing', () => {
  const root = shape('p', { inner: object({}), list: { type: TYPE.EMPTY_ARRAY } })
  const { read } = new TapeReaders().of(Uint8Array.from(describeShape(root)))
  const words = new SharedArrayBuffer(64)
  const again = (): Record<string, object> =>
    read(new Int32Array(words), 0, new Float64Array(words), 0, NO_TEXT, 0, 0) as never
  const first = again()
  const second = again()
  expect(Object.getPrototypeOf(first)).toBe(Object.prototype)
  expect(Object.getPrototypeOf(first['inner'])).toBe(Object.prototype)
  expect(first['inner']).not.toBe(second['inner'])
  expect(first['list']).not.toBe(second['list'])
})

const NO_TEXT: Latin1Source = {
  latin1Slice: () => {
    throw new Error('no text is read')
  },
}

it('takes keys and actions for what they are: text, never code', () => {
  const hostile = [
    '"]};throw 1;//',
    "'+process.exit(1)+'",
    '`',
    '\u2028\u2029\n\r\0',
    '\\',
    "'",
    'constructor',
    'toString',
    '',
    '0',
    '*/',
    '</script>',
  ]
  const fields = Object.fromEntries(hostile.map((key) => [key, I32]))
  for (const action of hostile) {
    const message = { action, ...Object.fromEntries(hostile.map((key, i) => [key, i])) }
    expectSame(roundTrip(shape(action, fields), message), message)
  }
})

it('sorts keys that are integers as every object does', () => {
  const root = shape('k', { b: I32, 10: I32, 9: I32 })
  const ordered: ObjectShape = {
    type: TYPE.OBJECT,
    fields: ['b', '10', 'action', '9'].map((key) => ({
      key,
      value: key === 'action' ? constant('k') : I32,
    })),
  }
  expect(Object.keys(roundTrip(root, { b: 1, 10: 2, 9: 3 }) as object)).toEqual([
    '9',
    '10',
    'action',
    'b',
  ])
  expectSame(roundTrip(ordered, { b: 1, 10: 2, 9: 3 }), { b: 1, 10: 2, action: 'k', 9: 3 })
})

it('compiles a description once, and forgets the oldest of too many', () => {
  const readers = new TapeReaders()
  const describe = (i: number): Uint8Array =>
    Uint8Array.from(describeShape(shape(`a${i}`, { v: I32 })))
  const first = readers.of(describe(0))
  expect(readers.of(describe(0))).toBe(first)
  const bound = 2 * ENGINE.maxShapes
  for (let i = 1; i < bound; i++) readers.of(describe(i))
  expect(readers.size).toBe(bound)
  // Its use makes it the youngest.
  expect(readers.of(describe(0))).toBe(first)
  readers.of(describe(bound))
  expect(readers.size).toBe(bound)
  expect(readers.of(describe(0))).toBe(first)
})

it('knows that code may be generated here', () => {
  expect(codegenAllowed()).toBe(true)
})

const key = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => text !== '__proto__')
const anyType: fc.Arbitrary<ShapeType> = fc.letrec<{ type: ShapeType }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<ShapeType>(
      I32,
      F64,
      TEXT,
      { type: TYPE.BOOLEAN },
      { type: TYPE.NIL },
      { type: TYPE.EMPTY_ARRAY },
    ),
    tie('type').map(array),
    fieldsOf(tie('type')).map((fields) => ({ type: TYPE.OBJECT, fields })),
  ),
})).type

function fieldsOf(
  type: fc.Arbitrary<ShapeType>,
): fc.Arbitrary<{ key: string; value: ShapeType }[]> {
  return fc.uniqueArray(fc.record({ key, value: type }), {
    selector: (field) => field.key,
    maxLength: 6,
  })
}

const anyRoot: fc.Arbitrary<ObjectShape> = fc
  .tuple(fieldsOf(anyType), fc.string({ maxLength: 10 }), fc.nat(6))
  .map(([fields, action, at]) => {
    const others = fields.filter((field) => field.key !== 'action')
    others.splice(at, 0, { key: 'action', value: constant(action) })
    return { type: TYPE.OBJECT, fields: others }
  })

function valueFor(type: ShapeType): fc.Arbitrary<unknown> {
  switch (type.type) {
    case TYPE.I32:
      return fc.integer()
    case TYPE.F64:
      return fc.double()
    case TYPE.BOOLEAN:
      return fc.boolean()
    case TYPE.NIL:
      return fc.constant(null)
    case TYPE.EMPTY_ARRAY:
      return fc.constant([])
    case TYPE.CONSTANT:
      return fc.constant(type.text)
    case TYPE.TEXT:
      return fc.array(fc.nat(255), { maxLength: 30 }).map((codes) => String.fromCharCode(...codes))
    case TYPE.ARRAY:
      return fc.array(valueFor(type.element), { maxLength: 4 })
    case TYPE.OBJECT:
      return fc
        .tuple(...type.fields.map((field) => valueFor(field.value)))
        .map((values) => Object.fromEntries(type.fields.map(({ key }, i) => [key, values[i]])))
  }
}

it('builds any message of any shape', () => {
  const sample = anyRoot.chain((root) =>
    fc.tuple(fc.constant(root), valueFor(root) as fc.Arbitrary<object>, fc.nat(9)),
  )
  fc.assert(
    fc.property(sample, ([root, message, gap]) => {
      const actual = roundTrip(root, message, gap * 8)
      expect(actual).toStrictEqual(message)
      expect(keysOf(actual)).toEqual(keysOf(message))
    }),
    { numRuns: 500 },
  )
})

/** Every object's keys in order, depth first. */
function keysOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keysOf)
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).map(([name, each]) => [name, keysOf(each)])
}
