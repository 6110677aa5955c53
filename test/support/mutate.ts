/** Bytes that mean something to a decoder: heads of each kind, and edges of lengths. */
const HEADS = [
  0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xa6, 0xbf, 0xc0, 0xc1, 0xc3, 0xc4,
  0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcc, 0xcf, 0xd0, 0xd3, 0xd4, 0xd6, 0xd7, 0xd8, 0xd9, 0xdb, 0xdc,
  0xdd, 0xde, 0xdf, 0xe0, 0xff,
]

/** One to four changes of a frame's payload by numbers from 0 to 1; the length is put right. */
export function mutate(frame: Uint8Array, next: () => number): Uint8Array {
  const payload = [...frame.subarray(4)]
  const below = (count: number) => Math.floor(next() * count)
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(payload.length)
    switch (below(7)) {
      case 0:
        payload[at] = below(256)
        break
      case 1:
        payload[at] = HEADS[below(HEADS.length)] as number
        break
      case 2:
        payload.splice(at, 1 + below(3))
        break
      case 3:
        payload.splice(at, 0, HEADS[below(HEADS.length)] as number)
        break
      case 4:
        payload.splice(at)
        break
      case 5:
        payload.splice(at, 0, ...payload.slice(at, at + 1 + below(12)))
        break
      default:
        payload[at] = (payload[at] ?? 0) ^ (1 << below(8))
    }
  }
  if (payload.length === 0) payload.push(0xc1)
  const mutated = new Uint8Array(4 + payload.length)
  new DataView(mutated.buffer).setUint32(0, payload.length)
  mutated.set(payload, 4)
  return mutated
}
