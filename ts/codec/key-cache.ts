import type { Buffer } from 'node:buffer'

/** Slots, a power of two: a peer that sends other keys each time only ever replaces what is there. */
const SLOTS = 1024

interface Entry {
  readonly bytes: Uint8Array
  readonly text: string
}

/** Texts of short keys by their bytes: the same few come in every message. */
export class KeyCache {
  readonly #entries: (Entry | undefined)[] = new Array(SLOTS).fill(undefined)

  /** The bytes are valid UTF-8. */
  text(bytes: Buffer, start: number, end: number): string {
    let hash = end - start
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0
    const slot = hash & (SLOTS - 1)
    const entry = this.#entries[slot]
    if (entry !== undefined && equals(entry.bytes, bytes, start, end)) return entry.text
    const text = bytes.toString('utf8', start, end)
    this.#entries[slot] = { bytes: new Uint8Array(bytes.subarray(start, end)), text }
    return text
  }
}

function equals(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = known
  if (length !== end - start) return false
  for (let index = 0; index < length; index++) {
    if (known[index] !== bytes[start + index]) return false
  }
  return true
}
