/** Generated messages of everything that may be sent, and what comes back of it. */
import fc from 'fast-check'
import type { Message } from '../../../ts/message.js'

/** `REPOD_SEED` repeats a run; the seed is part of the test's name. */
export const seed: number = Number(process.env['REPOD_SEED'] ?? Date.now() % 2 ** 31)

class Thing {
  kind: string
  value: unknown
  constructor(kind: string, value: unknown) {
    this.kind = kind
    this.value = value
  }
}

function integers(): fc.Arbitrary<number | bigint> {
  const edges = [0n, (1n << 64n) - 1n]
  for (const bits of [5n, 7n, 8n, 15n, 16n, 31n, 32n, 52n, 53n, 63n]) {
    for (const step of [-1n, 0n, 1n]) edges.push((1n << bits) + step, -(1n << bits) + step)
  }
  const legal = edges.filter((edge) => edge >= -(1n << 63n))
  const numbers = legal.map(Number).filter(Number.isSafeInteger)
  return fc.oneof(
    fc.constantFrom(...legal, ...numbers),
    fc.maxSafeInteger(),
    fc.integer({ min: -200, max: 70_000 }),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
  )
}

const text = fc.oneof(
  { arbitrary: fc.string({ maxLength: 20 }), weight: 8 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 20 }), weight: 2 },
  // Surrogates that stand alone, and such that meet.
  fc
    .array(fc.constantFrom('\ud83d', '\ude00', 'a', 'é'), { maxLength: 12 })
    .map((all) => all.join('')),
  {
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'é', '語', '😀', '\ufeff'), fc.nat({ max: 300 }))
      .map(([unit, count]) => unit.repeat(count)),
    weight: 1,
  },
)

const key = fc.oneof(
  fc.constantFrom('id', 'x', 'y', 'name', 'constructor', 'toString', '', '0', '17', '-1'),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(31, 32, 62, 63, 64, 255).map((length) => 'k'.repeat(length)),
)
const wellFormedKey = key.filter((each) => each !== '__proto__' && Buffer.byteLength(each) <= 256)

const view = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 1, 2, 3))
  .map(([bytes, kind]) => {
    const { buffer } = new Uint8Array(bytes)
    if (kind === 0) return new Uint8Array(buffer)
    if (kind === 1) return buffer
    if (kind === 2) return new DataView(buffer, buffer.byteLength >> 1)
    return new Uint16Array(buffer, 0, buffer.byteLength >> 1)
  })

const leaf = fc.oneof(
  { arbitrary: integers(), weight: 3 },
  { arbitrary: fc.double(), weight: 2 },
  { arbitrary: text, weight: 3 },
  fc.constantFrom(true, false, null, undefined, -0),
  view,
  fc.date({ noInvalidDate: true }),
)

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5, depthSize: 'small' }, leaf, tie('list'), tie('map'), tie('odd')),
  list: fc.array(tie('value'), { maxLength: 8 }),
  map: fc.dictionary(wellFormedKey, tie('value'), { maxKeys: 8 }),
  odd: fc.oneof(
    fc.tuple(text, tie('value')).map(([kind, value]) => new Thing(kind, value)),
    fc
      .uniqueArray(fc.tuple(fc.oneof(wellFormedKey, integers()), tie('value')), {
        maxLength: 8,
        selector: ([key]) => String(key),
      })
      .map((entries) => new Map(entries)),
  ),
}))

export const value: fc.Arbitrary<unknown> = anyValue

/** The action first, last or in between. */
export const message: fc.Arbitrary<Message> = fc
  .tuple(
    fc.dictionary(
      wellFormedKey.filter((each) => each !== 'action'),
      value,
      { maxKeys: 6 },
    ),
    fc.string({ unit: 'grapheme', maxLength: 12 }).filter((each) => Buffer.byteLength(each) <= 64),
    fc.nat({ max: 6 }),
  )
  .map(([fields, action, place]) => {
    const entries: [string, unknown][] = Object.entries(fields)
    entries.splice(place, 0, ['action', action])
    return Object.fromEntries(entries) as unknown as Message
  })

/** What arrives of what was sent: the table of docs/wire-format, once more and by other means. */
export function arrived(sent: unknown): unknown {
  if (sent === undefined) return null
  if (typeof sent === 'string') return Buffer.from(sent).toString()
  if (typeof sent === 'number') return sent === 0 ? 0 : sent
  if (typeof sent === 'bigint') return Number.isSafeInteger(Number(sent)) ? Number(sent) : sent
  if (typeof sent !== 'object' || sent === null || sent instanceof Date) return sent
  if (sent instanceof ArrayBuffer) return new Uint8Array(sent)
  if (ArrayBuffer.isView(sent)) {
    return new Uint8Array(sent.buffer, sent.byteOffset, sent.byteLength)
  }
  if (Array.isArray(sent)) return sent.map(arrived)
  const entries = sent instanceof Map ? [...sent] : Object.entries(sent)
  return Object.fromEntries(entries.map(([key, each]) => [String(key), arrived(each)]))
}
