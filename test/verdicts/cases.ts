/** Frames from a seed: generated messages, and mutations of them. */
import fc from 'fast-check'
import { encode } from '../../ts/index.js'
import { random } from '../native/support.js'
import { value } from '../parity/session.js'

/** Actions with a fixed set of keys each, so that shapes repeat; values at the edges of types. */
function regular(next: () => number): Record<string, unknown> & { action: string } {
  const int = () => Math.floor(next() * 2 ** Math.floor(next() * 53)) * (next() < 0.3 ? -1 : 1)
  const double = () => {
    const r = next()
    return r < 0.05 ? -0 : r < 0.1 ? Number.NaN : r < 0.15 ? Number.NEGATIVE_INFINITY : next() * 1e3
  }
  const text = () => {
    const length = Math.floor(next() * 26)
    const r = next()
    const unit = r < 0.7 ? 'a' : r < 0.95 ? 'é' : '語'
    return unit.repeat(length)
  }
  const number = () => (next() < 0.5 ? int() : double())
  switch (Math.floor(next() * 8)) {
    case 0:
      return { action: 'input', seq: int(), dx: double(), dy: double(), buttons: int() & 255 }
    case 1: {
      const players = Array.from({ length: Math.floor(next() * 5) }, () => ({
        id: int() & 0xffff,
        x: number(),
        y: double(),
        name: text(),
      }))
      return { action: 'state', tick: int(), players }
    }
    case 2:
      return { action: 'chat', from: text(), text: text() }
    case 3:
      return { x: number(), action: 'late', on: next() < 0.5 }
    case 4:
      return { action: 'list', numbers: Array.from({ length: Math.floor(next() * 6) }, number) }
    case 5:
      return {
        action: 'maybe',
        target: next() < 0.5 ? null : int() & 7,
        deep: { a: { b: text() } },
      }
    case 6:
      return { action: 'names', names: Array.from({ length: Math.floor(next() * 4) }, text), n: 1 }
    default:
      return { action: 'grid', rows: Array.from({ length: 3 }, () => [int() & 1, int() & 1]) }
  }
}

export function messages(count: number, seed: number): Buffer[] {
  const next = random(seed)
  const irregular = fc.sample(value, { numRuns: Math.ceil(count / 4), seed })
  return Array.from({ length: count }, (_, i) => {
    const message = i % 4 === 0 ? { action: 'any', value: irregular[i / 4] } : regular(next)
    return Buffer.from(encode(message))
  })
}

/** One to four changes of the payload: bytes flipped, cut out, put in; the length is put right. */
export function mutate(frame: Buffer, next: () => number): Buffer {
  let payload = [...frame.subarray(4)]
  for (let n = 1 + Math.floor(next() * 4); n > 0; n--) {
    const at = Math.floor(next() * payload.length)
    const r = next()
    if (r < 0.5) payload[at] = Math.floor(next() * 256)
    else if (r < 0.65) payload.splice(at, 1 + Math.floor(next() * 3))
    else if (r < 0.8) payload.splice(at, 0, Math.floor(next() * 256))
    else if (r < 0.9) payload = payload.slice(0, at)
    else payload.push(...payload.slice(at, at + 8))
  }
  if (payload.length === 0) payload = [0xc1]
  const out = Buffer.alloc(4 + payload.length)
  out.writeUInt32BE(payload.length)
  out.set(payload, 4)
  return out
}
