import { isUtf8 } from 'node:buffer'

/** From here on a call into the platform costs less than a loop over the bytes. */
const LONG = 64

/** Whether the bytes are UTF-8 as WHATWG has it: no surrogates, no overlong forms. */
export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start >= LONG) return isUtf8(bytes.subarray(start, end))
  let at = start
  while (true) {
    while (at < end && (bytes[at] as number) < 0x80) at++
    if (at === end) return true
    const size = sequenceSize(bytes, at, end)
    if (size === 0) return false
    at += size
  }
}

/** Bytes of the sequence at `at`, which does not begin with ASCII; 0 if it is none. */
function sequenceSize(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  if (lead < 0xc2 || lead > 0xf4 || at + size > end) return 0
  const second = bytes[at + 1] as number
  // The second byte alone tells overlong forms, surrogates and what is beyond U+10FFFF.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return 0
  for (let index = at + 2; index < at + size; index++) {
    if (((bytes[index] as number) & 0xc0) !== 0x80) return 0
  }
  return size
}
