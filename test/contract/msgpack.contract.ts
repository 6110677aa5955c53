/** Group M of the catalogue: payloads that are refused, each with its code and detail. */
import { describe, expect, test } from 'vitest'
import { asField, attack, Canary, framed, hex, join, type Kind, serve, X } from './support.js'

/** What the payload is, its bytes, code and detail. */
type Row = readonly [what: string, payload: Buffer, code: string, detail?: string]

const A = X.subarray(4)
const action = 'a6616374696f6e'

const rows: readonly Row[] = [
  ['M1 nil instead of a message', hex('c0'), 'INVALID_MESSAGE'],
  ['M2 the byte that msgpack never uses', hex('c1'), 'DECODE_ERROR', 'reserved'],
  ['M3 a map that ends behind its key', hex('81a161'), 'DECODE_ERROR', 'truncated'],
  ['M3 a text that is cut off', hex('a5616263'), 'DECODE_ERROR', 'truncated'],
  ['M3 an ext that is cut off', hex('d6ff00'), 'DECODE_ERROR', 'truncated'],
  ['M3 a bin without its length', hex('c4'), 'DECODE_ERROR', 'truncated'],
  ['M3 a text with half a length', hex('da00'), 'DECODE_ERROR', 'truncated'],
  ['M5 a second value', hex('c0c0'), 'DECODE_ERROR', 'trailing'],
  ['M5 a value behind a good message', Buffer.concat([A, hex('c0')]), 'DECODE_ERROR', 'trailing'],
  ['M6 an array of 4 billion', hex('ddffffffff'), 'DECODE_ERROR', 'elements'],
  ['M6 a map of 4 billion', hex('dfffffffff'), 'DECODE_ERROR', 'elements'],
  ['M6 a text of 4 GiB', hex('dbffffffff'), 'DECODE_ERROR', 'truncated'],
  ['M6 a bin of 4 GiB', hex('c6ffffffff'), 'DECODE_ERROR', 'truncated'],
  ['M6 an ext of 4 GiB', hex('c9ffffffff05'), 'DECODE_ERROR', 'truncated'],
  ['M7 an array of 20 million in five bytes', hex('dd01312d00'), 'DECODE_ERROR', 'elements'],
  [
    'M8 nested arrays of 65,535 each',
    Buffer.concat(Array.from({ length: 21_845 }, () => hex('dcffff'))),
    'DECODE_ERROR',
    'elements',
  ],
  [
    'M10 65,535 levels',
    Buffer.concat([Buffer.alloc(65_535, 0x91), hex('c0')]),
    'DECODE_ERROR',
    'depth',
  ],
  ['M12 65 levels', nested(65), 'DECODE_ERROR', 'depth'],
  [
    'M13 65,520 empty maps',
    Buffer.concat([hex('dcfff0'), Buffer.alloc(65_520, 0x80)]),
    'DECODE_ERROR',
    'elements',
  ],
  [
    'M15 the key __proto__',
    hex(`82${action}a178 a95f5f70726f746f5f5f 81a561646d696ec3`),
    'DECODE_ERROR',
    'key',
  ],
  ['M18 a broken sequence', asField(hex('a2c328')), 'DECODE_ERROR', 'utf8'],
  ['M18 a broken sequence in a key', hex(`82${action}a178 a2a1ff c0`), 'DECODE_ERROR', 'utf8'],
  ['M18 a surrogate', asField(hex('a3eda080')), 'DECODE_ERROR', 'utf8'],
  ['M21 a key twice', hex('82a16101a16102'), 'DECODE_ERROR', 'key'],
  ['M21 two actions', hex(`83${action}a178 a16101 ${action}a179`), 'DECODE_ERROR', 'key'],
  ['M25 NaN as a key', asField(hex('81cb7ff8000000000000 01')), 'DECODE_ERROR', 'key'],
  ['M26 nil as a key', hex('81c001'), 'DECODE_ERROR', 'key'],
  ['M26 true as a key', hex('81c301'), 'DECODE_ERROR', 'key'],
  ['M26 a bin as a key', hex('81c4016101'), 'DECODE_ERROR', 'key'],
  ['M26 an array as a key', hex('81900a'), 'DECODE_ERROR', 'key'],
  ['M26 a map as a key', hex('818001'), 'DECODE_ERROR', 'key'],
  ['M27 an ext of another type', asField(hex('d40500')), 'DECODE_ERROR', 'ext'],
  ['M27 an ext of a type below zero', asField(hex('d48000')), 'DECODE_ERROR', 'ext'],
  ['M27 an empty ext', asField(hex('c70005')), 'DECODE_ERROR', 'ext'],
  [
    'M28 a timestamp of 10^9 nanoseconds',
    asField(hex('d7ff ee6b2800 00000000')),
    'DECODE_ERROR',
    'ext',
  ],
  [
    'M28 a timestamp beyond all Dates',
    asField(hex('c70cff 00000000 7fffffffffffffff')),
    'DECODE_ERROR',
    'ext',
  ],
  [
    'M28 a timestamp of 2^32 - 1 nanoseconds',
    asField(hex('c70cff ffffffff 0000000000000000')),
    'DECODE_ERROR',
    'ext',
  ],
  ['M31 an action in bytes', hex(`81${action}c40178`), 'INVALID_ACTION'],
]

/** A message of so many levels: itself, and arrays in it. */
function nested(levels: number): Buffer {
  return asField(Buffer.concat([Buffer.alloc(levels - 2, 0x91), hex('90')]))
}

export function msgpack(kind: Kind): void {
  describe('payloads that are refused', () => {
    test.each(rows.map((row) => ({ row, what: row[0] })))('$what', async ({ row }) => {
      const [, payload, code, detail] = row
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      canary.sing()
      const channel = await attack(server, Buffer.concat([framed(payload), X, X]))
      const error = detail === undefined ? code : `${code} ${detail}`
      expect(channel.events).toEqual([
        'connect',
        `error ${error}`,
        `close ${code}`,
        `disconnect ${code}`,
      ])
      expect(channel.closeReason?.detail).toBe(detail)
      await canary.check()
    })

    test('leave the prototype of all objects as it is', async () => {
      const server = await serve(kind)
      await attack(server, framed(hex(`82${action}a178 a95f5f70726f746f5f5f 81a561646d696ec3`)))
      expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
    })

    test('64 levels are accepted', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.write(framed(nested(64)))
      await server.until('the message', () => channel.messages.length === 1)
      let levels = 1
      for (let at: unknown = channel.messages[0]?.['v']; Array.isArray(at); at = at[0]) levels++
      expect(levels).toBe(64)
    })
  })
}
