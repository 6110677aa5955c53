import { Buffer } from 'node:buffer'
import type { ReceivedMessage } from '../message.js'
import { int32, integerAt, uint16 } from './integers.js'
import { MAX_CACHED_BYTES, TextCache } from './text-cache.js'

/**
 * Decodes a payload that `validate`, or its twin in the engine, has passed: nothing is checked here.
 *
 * Our own reader and not msgpackr, whose options cannot be set to what the wire says: it gives
 * +-2^53 as a number, drops a byte order mark from texts over 64 bytes, rounds the nanoseconds of a
 * late timestamp up to the next second, and calls whatever `addExtension` anyone in the process gave
 * it for type -1. Containers hold all of these, so what would be left for it is nothing.
 */
export function decodeValidated(bytes: Uint8Array, start: number, _end: number): ReceivedMessage {
  return reader.read(bytes, start)
}

const NOTHING: Buffer = Buffer.alloc(0)

class Reader {
  #bytes = NOTHING
  #source: Uint8Array = NOTHING
  #sourceBuffer = NOTHING
  #at = 0
  readonly #keys = new TextCache()
  readonly #texts = new TextCache()
  readonly #float = new DataView(new ArrayBuffer(8))

  read(bytes: Uint8Array, start: number): ReceivedMessage {
    this.#bytes = bytes instanceof Buffer ? bytes : this.#bufferOf(bytes)
    this.#at = start
    const message = this.#value() as ReceivedMessage
    this.#bytes = NOTHING
    return message
  }

  /** The ring of the engine comes each time: its Buffer is made once. */
  #bufferOf(bytes: Uint8Array): Buffer {
    if (bytes !== this.#source) {
      this.#source = bytes
      this.#sourceBuffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    return this.#sourceBuffer
  }

  #value(): unknown {
    const head = this.#bytes[this.#at] as number
    if (head < 0x80 || head >= 0xe0) {
      this.#at++
      return head < 0x80 ? head : head - 0x100
    }
    if (head < 0x90) return this.#map(1, head & 0x0f)
    if (head < 0xa0) return this.#array(1, head & 0x0f)
    if (head < 0xc0) return this.#text(1, head & 0x1f)
    switch (head) {
      case 0xc0:
        this.#at++
        return null
      case 0xc2:
      case 0xc3:
        this.#at++
        return head === 0xc3
      case 0xc4:
        return this.#binary(2, this.#size8())
      case 0xc5:
        return this.#binary(3, this.#size16())
      case 0xc6:
        return this.#binary(5, this.#size32())
      case 0xc7:
        return this.#timestamp(3, this.#size8())
      case 0xc8:
        return this.#timestamp(4, this.#size16())
      case 0xc9:
        return this.#timestamp(6, this.#size32())
      case 0xca:
        this.#at += 5
        this.#float.setInt32(0, int32(this.#bytes, this.#at - 4))
        return this.#float.getFloat32(0)
      case 0xcb:
        this.#at += 9
        this.#float.setInt32(0, int32(this.#bytes, this.#at - 8))
        this.#float.setInt32(4, int32(this.#bytes, this.#at - 4))
        return this.#float.getFloat64(0)
      case 0xd6:
      case 0xd7:
        return this.#timestamp(2, 1 << (head - 0xd4))
      case 0xd9:
        return this.#text(2, this.#size8())
      case 0xda:
        return this.#text(3, this.#size16())
      case 0xdb:
        return this.#text(5, this.#size32())
      case 0xdc:
        return this.#array(3, this.#size16())
      case 0xdd:
        return this.#array(5, this.#size32())
      case 0xde:
        return this.#map(3, this.#size16())
      case 0xdf:
        return this.#map(5, this.#size32())
      default: {
        const integer = integerAt(this.#bytes, this.#at)
        this.#at += 1 + (1 << (head & 3))
        return integer
      }
    }
  }

  #size8(): number {
    return this.#bytes[this.#at + 1] as number
  }

  #size16(): number {
    return uint16(this.#bytes, this.#at + 1)
  }

  #size32(): number {
    return int32(this.#bytes, this.#at + 1) >>> 0
  }

  #array(head: number, count: number): unknown[] {
    this.#at += head
    const array: unknown[] = []
    for (let index = 0; index < count; index++) array.push(this.#value())
    return array
  }

  #map(head: number, count: number): Record<string, unknown> {
    this.#at += head
    const object: Record<string, unknown> = {}
    for (let index = 0; index < count; index++) {
      const key = this.#key()
      object[key] = this.#value()
    }
    return object
  }

  #key(): string {
    const head = this.#bytes[this.#at] as number
    if (head < 0xa0 || head > 0xa0 + MAX_CACHED_BYTES) return String(this.#value())
    const start = this.#at + 1
    const end = start + head - 0xa0
    this.#at = end
    return this.#keys.text(this.#bytes, start, end)
  }

  #text(head: number, length: number): string {
    const start = this.#at + head
    const end = start + length
    this.#at = end
    if (length <= MAX_CACHED_BYTES) return this.#texts.text(this.#bytes, start, end)
    return this.#bytes.toString('utf8', start, end)
  }

  /** Of its own memory, not from a pool: a view would pin what it lies in, or change with it. */
  #binary(head: number, length: number): Uint8Array {
    const start = this.#at + head
    this.#at = start + length
    const copy = new Uint8Array(length)
    copy.set(this.#bytes.subarray(start, this.#at))
    return copy
  }

  /** Parts of a millisecond are dropped towards the past, in whole numbers: never rounded up. */
  #timestamp(head: number, length: number): Date {
    const bytes = this.#bytes
    const at = this.#at + head
    this.#at = at + length
    const word = int32(bytes, at) >>> 0
    if (length === 4) return new Date(word * 1000)
    const low = int32(bytes, at + length - 4) >>> 0
    const high = length === 8 ? word & 3 : int32(bytes, at + 4)
    const nanoseconds = length === 8 ? word >>> 2 : word
    const seconds = high * 0x1_0000_0000 + low
    return new Date(seconds * 1000 + Math.floor(nanoseconds / 1_000_000))
  }
}

const reader = new Reader()
