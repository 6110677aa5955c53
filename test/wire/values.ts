/** Mixed values that come back from any msgpack peer as they went. */
import fc from 'fast-check'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'x'.repeat(31), 'x'.repeat(32), 'é'.repeat(200), '日本語', '\ufeffbom', '\0'),
)

const leaf = fc.oneof(
  integers(),
  // -0 counts as 0 on the wire.
  fc.double().map((each) => (each === 0 ? 0 : each)),
  text,
  fc.constantFrom(null, true, false),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
)

/** Around every width of msgpack's integers; beyond 2^53 they are bigint, as they come back. */
function integers(): fc.Arbitrary<number | bigint> {
  const edges = [0n, 1n]
  for (const bits of [5n, 7n, 8n, 15n, 16n, 31n, 32n, 52n, 53n, 63n]) {
    for (const step of [-1n, 0n, 1n]) edges.push((1n << bits) + step)
  }
  const all = [...edges, ...edges.map((edge) => -edge), (1n << 64n) - 1n]
  return fc
    .oneof(
      fc.constantFrom(...all.filter((edge) => edge >= -(1n << 63n))),
      fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
      fc.maxSafeInteger().map(BigInt),
    )
    .map((each) => (Number.isSafeInteger(Number(each)) ? Number(each) : each))
}

const value = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaf, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 17 }),
  map: fc.dictionary(
    text.filter((key) => key !== '__proto__' && key.length <= 40),
    tie('value'),
    { maxKeys: 17, noNullPrototype: true },
  ),
})).value

export function mixedValues(count: number, seed: number): unknown[] {
  return fc.sample(value, { numRuns: count, seed })
}

/** What is sent, and what comes back from a peer that only echoes. */
export const SPECIALS: readonly (readonly [sent: unknown, back: unknown])[] = [
  [-0, 0],
  [undefined, null],
  [{ a: undefined }, { a: null }],
  [
    [1, undefined],
    [1, null],
  ],
  [5n, 5],
  [
    new Map<unknown, unknown>([
      ['a', 1],
      [7, 'seven'],
    ]),
    { a: 1, 7: 'seven' },
  ],
  [new Date(1_700_000_000_123), new Date(1_700_000_000_123)],
  [new Date(-1), new Date(-1)],
  [Buffer.from([1, 2]), new Uint8Array([1, 2])],
  [new Uint16Array([1, 258]), new Uint8Array([1, 0, 2, 1])],
  [new ArrayBuffer(3), new Uint8Array(3)],
  ['lone \ud800', 'lone \ufffd'],
]
