import { expect, it } from 'vitest'
import { ENGINE } from '../../../ts/options.js'
import { TYPE } from '../../../ts/tape/layout.js'
import { parseShape, type ShapeType } from '../../../ts/tape/shapes.js'
import { describeShape } from '../../support/records.js'

const ACTION = [6, 0, ...Buffer.from('action')]
/** `{ action: 'x' }`. */
const LEAST = [TYPE.OBJECT, 1, 0, ...ACTION, TYPE.CONSTANT, 1, 0, 0x78]

it('parses a description byte by byte', () => {
  expect(parseShape(Uint8Array.from(LEAST))).toEqual({
    action: 'x',
    root: {
      type: TYPE.OBJECT,
      fields: [{ key: 'action', value: { type: TYPE.CONSTANT, text: 'x' } }],
    },
  })
})

it('parses every type, nested, and leaves nothing of it out', () => {
  const root: ShapeType = {
    type: TYPE.OBJECT,
    fields: [
      { key: 'on', value: { type: TYPE.BOOLEAN } },
      { key: 'action', value: { type: TYPE.CONSTANT, text: 'grüße 😀' } },
      { key: 'none', value: { type: TYPE.NIL } },
      { key: 'empty', value: { type: TYPE.EMPTY_ARRAY } },
      { key: 'ключ', value: { type: TYPE.ARRAY, element: { type: TYPE.F64 } } },
      {
        key: 'players',
        value: {
          type: TYPE.ARRAY,
          element: {
            type: TYPE.OBJECT,
            fields: [
              { key: '7', value: { type: TYPE.I32 } },
              { key: 'name', value: { type: TYPE.TEXT } },
              { key: 'bag', value: { type: TYPE.OBJECT, fields: [] } },
            ],
          },
        },
      },
    ],
  }
  expect(parseShape(Uint8Array.from(describeShape(root)))).toEqual({ action: 'grüße 😀', root })
})

it('reads shared memory', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(LEAST.length))
  shared.set(LEAST)
  expect(parseShape(shared).action).toBe('x')
})

it('refuses a description that is cut short, at every byte', () => {
  for (let length = 0; length < LEAST.length; length++) {
    expect(() => parseShape(Uint8Array.from(LEAST.slice(0, length))), `${length}`).toThrow(
      'truncated',
    )
  }
})

const nested = (levels: number): number[] => [
  ...[TYPE.OBJECT, 2, 0, ...ACTION, TYPE.CONSTANT, 1, 0, 0x78, 1, 0, 0x61],
  ...Array.from({ length: levels }, () => TYPE.ARRAY),
  TYPE.I32,
]
const wide = (fields: number): number[] =>
  describeShape({
    type: TYPE.OBJECT,
    fields: Array.from({ length: fields }, (_, i) =>
      i === 0
        ? { key: 'action', value: { type: TYPE.CONSTANT, text: 'x' } }
        : { key: `k${i}`, value: { type: TYPE.I32 } },
    ),
  })

it.each([
  ['bytes behind its end', [...LEAST, 0]],
  ['its root is no object', [TYPE.I32]],
  ['no constant action', [TYPE.OBJECT, 0, 0]],
  ['no constant action', [TYPE.OBJECT, 1, 0, ...ACTION, TYPE.TEXT]],
  ['unknown type 10', [10]],
  ['unknown type 0', [0]],
  ['the key __proto__', [TYPE.OBJECT, 1, 0, 9, 0, ...Buffer.from('__proto__'), TYPE.I32]],
  ['the key "a" twice', [TYPE.OBJECT, 2, 0, 1, 0, 0x61, TYPE.I32, 1, 0, 0x61, TYPE.I32]],
  [
    'a constant below the root',
    [TYPE.OBJECT, 1, 0, 1, 0, 0x61, TYPE.ARRAY, TYPE.CONSTANT, 1, 0, 0x78],
  ],
  ['too deep', nested(64)],
  ['too many fields', wide(ENGINE.maxShapeFields + 1)],
])('refuses: %s', (why, bytes) => {
  expect(() => parseShape(Uint8Array.from(bytes))).toThrow(why)
})

it('takes the most fields and levels that there may be', () => {
  expect(parseShape(Uint8Array.from(wide(ENGINE.maxShapeFields))).action).toBe('x')
  expect(parseShape(Uint8Array.from(nested(62))).action).toBe('x')
})

it('refuses a key that is no UTF-8', () => {
  const bytes = [TYPE.OBJECT, 1, 0, 2, 0, 0xc3, 0x28, TYPE.I32]
  expect(() => parseShape(Uint8Array.from(bytes))).toThrow(TypeError)
})
