import type { Buffer } from 'node:buffer'

/**
 * Entries, in pairs: a text may stand in either place of its pair, so that two that share a pair do
 * not drive each other out. A peer that sends others each time only ever replaces what is there.
 */
const ENTRIES = 2048
/** Longer texts are not kept. */
export const MAX_CACHED_BYTES = 24

/**
 * Short texts by their bytes: the keys, actions and names that come in every message. Finding one
 * costs less than making it.
 */
export class TextCache {
  readonly #texts: string[] = new Array(ENTRIES).fill('')
  readonly #lengths: Uint8Array = new Uint8Array(ENTRIES)
  readonly #bytes: Uint8Array = new Uint8Array(ENTRIES * MAX_CACHED_BYTES)
  #turn = 0

  /** The bytes are valid UTF-8, at most MAX_CACHED_BYTES of them. */
  text(bytes: Buffer, start: number, end: number): string {
    let hash = end - start
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    const entry = ((hash ^ (hash >>> 15)) & (ENTRIES / 2 - 1)) * 2
    if (this.#is(entry, bytes, start, end)) return this.#texts[entry] as string
    if (this.#is(entry + 1, bytes, start, end)) return this.#texts[entry + 1] as string
    this.#turn ^= 1
    return this.#keep(entry + this.#turn, bytes, start, end)
  }

  #is(entry: number, bytes: Buffer, start: number, end: number): boolean {
    if (this.#lengths[entry] !== end - start) return false
    const known = entry * MAX_CACHED_BYTES - start
    for (let at = start; at < end; at++) {
      if (this.#bytes[known + at] !== bytes[at]) return false
    }
    return true
  }

  #keep(entry: number, bytes: Buffer, start: number, end: number): string {
    const text = bytes.toString('utf8', start, end)
    this.#texts[entry] = text
    this.#lengths[entry] = end - start
    bytes.copy(this.#bytes, entry * MAX_CACHED_BYTES, start, end)
    return text
  }
}
