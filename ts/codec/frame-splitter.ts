import { Buffer } from 'node:buffer'
import type { Fault } from '../errors.js'

const PREFIX = 4
/** What the first memory of an unfinished payload has at least; a header alone asks for no more. */
const FIRST_BYTES = 256

const NOTHING = new Uint8Array(0)
const NO_BODY: Buffer = Buffer.alloc(0)

/**
 * Bytes in, payloads out; no socket and no clock inside. A payload that lies whole in one chunk is
 * handed out where it lies. Of one that does not, what has come is kept, in memory that grows with
 * it and is given back when it is complete.
 *
 *   between frames --1 to 3 bytes--> in the header --4th byte--> in the payload --its last--> between
 *         \______________________ a length that is refused: faulted, for good ______________/
 */
export class FrameSplitter {
  /** The payload that `next()` found: `bytes` from `start` to `end`, valid until the next call. */
  bytes: Uint8Array = NOTHING
  start = 0
  end = 0
  /** Once set, nothing follows. */
  fault: Fault | undefined = undefined

  readonly #maxFrameLength: number
  #chunk: Uint8Array = NOTHING
  #at = 0
  /** Chunks behind `#chunk`: there are some only if one is pushed before the last is used up. */
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Bytes of an unfinished header that have come, 0 to 3, and their value. */
  #headSize = 0
  #head = 0
  /** Length of an unfinished payload, 0 while there is none; what of it has come is in `#body`. */
  #length = 0
  #body: Buffer = NO_BODY
  #bodySize = 0

  constructor(maxFrameLength: number) {
    this.#maxFrameLength = maxFrameLength
  }

  /** Keeps the chunk until its frames are taken: its bytes must not change before that. */
  push(chunk: Uint8Array): void {
    if (this.fault !== undefined || chunk.length === 0) return
    if (this.#at < this.#chunk.length) {
      this.#waiting.push(chunk)
      this.#waitingBytes += chunk.length
      return
    }
    this.#chunk = chunk
    this.#at = 0
  }

  /** True: the next payload is in `bytes`, `start`, `end`. False: more is needed, or `fault`. */
  next(): boolean {
    while (this.fault === undefined) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return false
      if (this.#length !== 0) {
        if (this.#takeBody()) return true
      } else if (this.#headSize === 0 && this.#chunk.length - this.#at >= PREFIX) {
        if (this.#takeWhole()) return true
      } else {
        this.#takeHeadByte()
      }
    }
    return false
  }

  /** Bytes that are held and were not handed out. */
  get buffered(): number {
    return (
      this.#headSize +
      (this.#length === 0 ? 0 : PREFIX + this.#bodySize) +
      (this.#chunk.length - this.#at) +
      this.#waitingBytes
    )
  }

  /** No part of an unfinished frame is held: the stream may end here. */
  isBetweenFrames(): boolean {
    return this.buffered === 0 && this.fault === undefined
  }

  #nextChunk(): boolean {
    const chunk = this.#waiting.shift()
    // A chunk that is used up is let go: it may be a small part of a large read.
    this.#chunk = chunk ?? NOTHING
    this.#at = 0
    this.#waitingBytes -= this.#chunk.length
    return chunk !== undefined
  }

  /** With a whole header in the chunk: the payload too, or the beginning of one. */
  #takeWhole(): boolean {
    const chunk = this.#chunk
    const at = this.#at
    const b0 = chunk[at] as number
    const b1 = chunk[at + 1] as number
    const b2 = chunk[at + 2] as number
    const length = b0 * 0x100_0000 + (b1 << 16) + (b2 << 8) + (chunk[at + 3] as number)
    if (!this.#isLegal(length)) return false
    this.#at = at + PREFIX
    if (length > chunk.length - at - PREFIX) {
      this.#length = length
      return false
    }
    this.#at += length
    this.bytes = chunk
    this.start = at + PREFIX
    this.end = this.#at
    return true
  }

  #takeHeadByte(): void {
    this.#head = this.#head * 0x100 + (this.#chunk[this.#at++] as number)
    if (++this.#headSize < PREFIX) return
    const length = this.#head
    this.#head = 0
    this.#headSize = 0
    if (this.#isLegal(length)) this.#length = length
  }

  #takeBody(): boolean {
    const missing = this.#length - this.#bodySize
    const from = this.#at
    const size = Math.min(missing, this.#chunk.length - from)
    this.#at += size
    if (size === this.#length) {
      // Only the header came before: the payload itself lies whole in this chunk.
      this.bytes = this.#chunk
      this.start = from
      this.end = this.#at
      this.#length = 0
      return true
    }
    this.#reserve(this.#bodySize + size)
    this.#body.set(this.#chunk.subarray(from, this.#at), this.#bodySize)
    this.#bodySize += size
    if (size < missing) return false
    this.bytes = this.#body
    this.start = 0
    this.end = this.#length
    this.#body = NO_BODY
    this.#bodySize = 0
    this.#length = 0
    return true
  }

  /** Doubles, so that each byte is copied a bounded number of times; never beyond the frame. */
  #reserve(size: number): void {
    const { length } = this.#body
    if (size <= length) return
    const grown = Math.min(this.#length, Math.max(size, 2 * length, FIRST_BYTES))
    // Not from the pool: a connection that stays in mid-frame would keep all of it.
    const body = Buffer.allocUnsafeSlow(grown)
    body.set(this.#body.subarray(0, this.#bodySize))
    this.#body = body
  }

  #isLegal(length: number): boolean {
    if (length !== 0 && length <= this.#maxFrameLength) return true
    this.fault = length === 0 ? { code: 'FRAME_EMPTY' } : { code: 'FRAME_TOO_LARGE', length }
    this.#chunk = NOTHING
    this.#at = 0
    this.#waiting.length = 0
    this.#waitingBytes = 0
    return false
  }
}
