import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encode } from '../../../ts/framing.js'
import type { Message } from '../../../ts/message.js'
import { parseClientOptions } from '../../../ts/options.js'
import { snapshot } from '../../../ts/snapshot.js'

const options = parseClientOptions()

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.uint8Array(),
    fc.date({ noInvalidDate: true }),
    fc.constant(undefined),
    fc.array(tie('any')),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }).filter(isKey), tie('any')),
    fc
      .uniqueArray(fc.tuple(fc.integer(), tie('any')), { selector: ([key]) => key })
      .map((entries) => new Map(entries)),
  ),
})).any

function isKey(key: string): boolean {
  return key !== '__proto__'
}

test('a snapshot is the same on the wire', () => {
  fc.assert(
    fc.property(value, (any) => {
      const message = { action: 'x', any }
      expect(encode(snapshot(message, options))).toEqual(encode(message))
    }),
    { numRuns: 500 },
  )
})

test('a snapshot does not change with its message', () => {
  const bytes = new Uint8Array([1, 2, 3])
  const date = new Date(1_000)
  const message = { action: 'x', list: [1, { deep: 'a' }], map: new Map([[1, [2]]]), bytes, date }
  const before = encode(message)
  const copy = snapshot(message, options)
  message.list.push(5)
  message.map.get(1)?.push(6)
  bytes[0] = 7
  date.setTime(8)
  expect(encode(copy)).toEqual(before)
  expect(encode(message)).not.toEqual(before)
})

test('a snapshot reads each property once', () => {
  let reads = 0
  const message = {
    action: 'x',
    get score() {
      return ++reads
    },
  }
  const copy = snapshot(message, options)
  expect([copy['score'], copy['score'], reads]).toEqual([1, 1, 1])
})

test.each([
  ['a function', { action: 'x', a: [() => 1] }],
  ['a Set', { action: 'x', a: new Set() }],
  ['an invalid Date', { action: 'x', a: new Date(Number.NaN) }],
  ['an own key __proto__', JSON.parse('{"action":"x","a":{"__proto__":1}}')],
  ['a root that is no object', [1]],
  ['no action', { a: 1 }],
])('a snapshot of %s is refused as the message itself is', (_, message) => {
  const refusal = refusalOf(() => encode(message as Message))
  expect(refusal).toMatch(/cannot be sent/)
  expect(refusalOf(() => encode(snapshot(message as Message, options)))).toBe(refusal)
})

test('a snapshot of a cycle and of a huge sparse array ends, and both are refused', () => {
  const cycle: Record<string, unknown> = { action: 'x' }
  cycle['self'] = cycle
  const copy = snapshot(cycle as Message, options)
  expect(() => encode(copy)).toThrow(/cannot be sent/)
  const sparse = { action: 'x', list: new Array(4e9) }
  expect(() => encode(snapshot(sparse, options))).toThrow(RangeError)
})

function refusalOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}
