/** Group M of the catalogue: encodings and the exact values that they are. */
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { asField, framed, hex, join, type Kind, serve } from './support.js'

type Row = readonly [what: string, encoding: string, value: unknown]

const rows: readonly Row[] = [
  ['M23 the largest uint64', 'cfffffffffffffffff', 18_446_744_073_709_551_615n],
  ['M23 the smallest int64', 'd38000000000000000', -9_223_372_036_854_775_808n],
  ['M23 2^53 + 1', 'cf0020000000000001', 9_007_199_254_740_993n],
  ['M23 2^53 - 1 is a number', 'cf001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ['M24 1 as uint64', 'cf0000000000000001', 1],
  ['M24 1 as int64', 'd30000000000000001', 1],
  ['M24 a short text in a long form', 'd90178', 'x'],
  ['M25 NaN', 'cb7ff8000000000000', Number.NaN],
  ['M25 -0', 'cb8000000000000000', -0],
  ['M25 infinity', 'cb7ff0000000000000', Number.POSITIVE_INFINITY],
  ['M25 minus infinity', 'cbfff0000000000000', Number.NEGATIVE_INFINITY],
  ['M25 NaN as float32', 'ca7fc00000', Number.NaN],
  ['a byte order mark is kept', 'a4efbbbf61', '\ufeffa'],
  ['bytes are a Uint8Array', 'c403010203', Uint8Array.of(1, 2, 3)],
  ['integer keys become text', '8201a161ffa162', { '1': 'a', '-1': 'b' }],
  ['a timestamp is a Date', 'd6ff00000001', new Date(1_000)],
]

interface SuiteEntry {
  readonly msgpack: readonly string[]
  readonly [type: string]: unknown
}

/** All encodings of msgpack-test-suite, with what they say they are. */
function suite(): { encoding: string; entry: SuiteEntry; isForeign: boolean }[] {
  const require = createRequire(import.meta.url)
  const groups = require('msgpack-test-suite/dist/msgpack-test-suite.json') as {
    readonly [group: string]: readonly SuiteEntry[]
  }
  return Object.values(groups)
    .flat()
    .flatMap((entry) =>
      entry.msgpack.map((encoding) => ({
        encoding: encoding.replaceAll('-', ''),
        entry,
        isForeign: 'ext' in entry,
      })),
    )
}

/** The value of a suite's entry in our terms. */
function meantBy(entry: SuiteEntry): unknown {
  const [type, value] = Object.entries(entry).find(([name]) => name !== 'msgpack') ?? []
  if (type === 'bignum') return BigInt(value as string)
  if (type === 'binary') return Uint8Array.from(hex((value as string).replaceAll('-', '')))
  if (type === 'timestamp') {
    const [seconds, nanoseconds] = value as [number, number]
    return new Date(seconds * 1_000 + Math.trunc(nanoseconds / 1_000_000))
  }
  return value
}

/** Numbers stand in the suite as numbers or, from 2^53 on, as bignum; ours are told apart by size. */
function normal(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

export function values(kind: Kind): void {
  describe('values', () => {
    test.each(rows)('%s', async (_, encoding, value) => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.write(framed(asField(hex(encoding))))
      await server.until('the message', () => channel.messages.length === 1)
      const got = channel.messages[0]?.['v']
      expect(got).toStrictEqual(value)
      if (got instanceof Uint8Array) expect(got.constructor).toBe(Uint8Array)
    })

    test('the encodings of msgpack-test-suite are the values that it gives', async () => {
      const all = suite()
      expect(all).toHaveLength(233)
      const server = await serve(kind)
      const known = all.filter(({ isForeign }) => !isForeign)
      const { peer, channel } = await join(server)
      const frames = known.map(({ encoding }) => framed(asField(hex(encoding))))
      peer.socket.write(Buffer.concat(frames))
      await server.until(
        'all messages',
        () => channel.messages.length === known.length || channel.isGone,
      )
      for (const [at, { entry, encoding }] of known.entries()) {
        expect(normal(channel.messages[at]?.['v']), encoding).toStrictEqual(normal(meantBy(entry)))
      }
    })

    test('its extensions of other types are all refused', async () => {
      const server = await serve(kind)
      for (const { encoding, isForeign } of suite()) {
        if (!isForeign) continue
        const { peer, channel } = await join(server)
        peer.socket.write(framed(asField(hex(encoding))))
        await server.until('the end', () => channel.isGone)
        expect(channel.events[1]).toBe('error DECODE_ERROR ext')
      }
    })
  })
}
