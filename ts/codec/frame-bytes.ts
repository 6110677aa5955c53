import { Buffer } from 'node:buffer'
import {
  SHORT_TEXT,
  writeAscii,
  writeInt32,
  writeLongText,
  writeSizeHead,
  writeTextHead,
  writeWide,
} from './scalar-bytes.js'

/** Two views of the same bytes; `bytes.length` is the capacity. May be over shared memory. */
export interface Memory {
  readonly bytes: Buffer
  readonly view: DataView
}

export interface MemorySource {
  /**
   * In mid-frame, `needed` bytes from `start` on do not fit: returns other memory and the frame's
   * new start. The source has copied the bytes [start, at) there.
   */
  grow(
    memory: Memory,
    start: number,
    at: number,
    needed: number,
  ): { readonly memory: Memory; readonly start: number }
}

/** A msgpack str of `size` bytes in little-endian words, the last of them padded. */
export interface KnownText {
  readonly words: readonly number[]
  readonly size: number
}

/** Length of the prefix of a frame. */
export const PREFIX = 4

/** From here on the exact size is worth a pass of its own: three bytes a character is too many. */
const LONG_TEXT = 2048

const NO_MEMORY: Memory = { bytes: Buffer.alloc(0), view: new DataView(new ArrayBuffer(0)) }

/**
 * Where a frame is being written, and the scalars of msgpack in their shortest form. The frame may
 * move whenever code of the user's runs (a getter may send something that has to go first), so
 * nothing but `at`, `begin` and the memory may hold a position across a value.
 */
export abstract class FrameBytes {
  protected bytes: Buffer = NO_MEMORY.bytes
  protected view: DataView = NO_MEMORY.view
  protected begin = 0
  protected at = 0
  /** Payload bytes that the frame may have. */
  protected maxLength = 0
  /** Where a write must stop and look: the end of the memory, or of the longest legal frame. */
  protected stop = 0
  #memory: Memory = NO_MEMORY
  readonly #source: MemorySource

  constructor(source: MemorySource) {
    this.#source = source
  }

  /** Where the frame at hand is; it may have moved since `write` began. */
  get memory(): Memory {
    return this.#memory
  }

  get start(): number {
    return this.begin
  }

  /**
   * Moves the frame that is being written, from inside its walk: copies what there is of it to
   * `start` of `memory`, which must have room for that.
   */
  moveTo(memory: Memory, start: number): void {
    const length = this.at - this.begin
    memory.bytes.set(this.bytes.subarray(this.begin, this.at), start)
    this.settle(memory, start, length)
  }

  /** Lets go of the memory of the frame that was written last. */
  release(): void {
    this.settle(NO_MEMORY, 0, 0)
  }

  /** The frame has outgrown `maxLength`. */
  protected abstract tooLarge(): Error

  protected settle(memory: Memory, start: number, length: number): void {
    this.#memory = memory
    this.bytes = memory.bytes
    this.view = memory.view
    this.begin = start
    this.at = start + length
    this.stop = Math.min(memory.bytes.length, start + PREFIX + this.maxLength)
  }

  /** Makes sure that `size` bytes can be written at `at`. */
  protected room(size: number): void {
    if (this.at + size > this.stop) this.#makeRoom(size)
  }

  #makeRoom(size: number): void {
    const length = this.at - this.begin
    if (length - PREFIX > this.maxLength) throw this.tooLarge()
    if (this.at + size <= this.bytes.length) return
    const grown = this.#source.grow(this.#memory, this.begin, this.at, length + size)
    this.settle(grown.memory, grown.start, length)
  }

  /** Refuses now what is sure to become too large: `size` bytes at least are still to come. */
  protected expect(size: number): void {
    if (this.at - this.begin - PREFIX + size > this.maxLength) throw this.tooLarge()
  }

  protected byte(value: number): void {
    this.room(1)
    this.bytes[this.at++] = value
  }

  protected number(value: number): void {
    this.room(9)
    this.at =
      (value | 0) === value
        ? writeInt32(this.bytes, this.view, this.at, value)
        : writeWide(this.bytes, this.view, this.at, value)
  }

  /** Between -2^63 and 2^64 - 1. */
  protected bigInteger(value: bigint): void {
    const number = Number(value)
    if (Number.isSafeInteger(number)) {
      this.number(number)
      return
    }
    this.room(9)
    this.bytes[this.at] = value < 0n ? 0xd3 : 0xcf
    this.view.setBigUint64(this.at + 1, BigInt.asUintN(64, value))
    this.at += 9
  }

  protected text(text: string): void {
    const { length } = text
    if (length <= SHORT_TEXT) {
      this.room(1 + length)
      const end = writeAscii(this.bytes, this.at, text)
      if (end > 0) {
        this.at = end
        return
      }
    }
    this.expect(length)
    if (length < LONG_TEXT && this.at + 5 + 3 * length <= this.stop) {
      this.at = writeLongText(this.bytes, this.view, this.at, text)
      return
    }
    const size = Buffer.byteLength(text)
    this.expect(size)
    this.room(5 + size)
    this.at = writeTextHead(this.bytes, this.view, this.at, size)
    this.at += this.bytes.write(text, this.at)
  }

  /** A view's or a buffer's bytes; no code of the user's runs in here. */
  protected binary(source: Uint8Array): void {
    const size = source.length
    this.expect(size)
    this.room(5 + size)
    this.at = writeSizeHead(this.bytes, this.view, this.at, 0xc4, size)
    this.bytes.set(source, this.at)
    this.at += size
  }

  protected arrayHead(count: number): void {
    this.#countHead(0x90, 0xdc, count)
  }

  protected mapHead(count: number): void {
    this.#countHead(0x80, 0xde, count)
  }

  /**
   * Begins a map whose entries are counted as they are written; what is returned belongs to
   * `closeMap`. It is no position but a distance from the frame's start, which moves with it.
   */
  protected openMap(): number {
    this.room(1)
    return this.at++ - this.begin
  }

  /** Most maps have fewer than 16 entries; a larger head pushes the entries back. */
  protected closeMap(opened: number, count: number): void {
    if (count < 16) {
      this.bytes[this.begin + opened] = 0x80 | count
      return
    }
    const more = count < 0x10000 ? 2 : 4
    this.room(more)
    const end = this.at + more
    const head = this.begin + opened
    this.bytes.copyWithin(head + 1 + more, head + 1, this.at)
    this.at = head
    this.mapHead(count)
    this.at = end
  }

  /** The map whose head says `was` has turned out to have fewer entries. */
  protected recount(opened: number, was: number, count: number): void {
    if (count === was) return
    const head = this.begin + opened
    const more = headSize(was) - headSize(count)
    this.bytes.copyWithin(head + headSize(count), head + headSize(was), this.at)
    const end = this.at - more
    this.at = head
    this.mapHead(count)
    this.at = end
  }

  /** A text that is known, as words. */
  protected words(known: KnownText): void {
    const { words, size } = known
    this.room(size + 3)
    const { view, at } = this
    for (let index = 0; index < words.length; index++) {
      view.setInt32(at + index * 4, words[index] as number, true)
    }
    this.at = at + size
  }

  #countHead(small: number, large: number, count: number): void {
    this.room(5)
    const { bytes, at } = this
    if (count < 16) {
      bytes[at] = small | count
      this.at = at + 1
    } else if (count < 0x10000) {
      bytes[at] = large
      bytes[at + 1] = count >> 8
      bytes[at + 2] = count
      this.at = at + 3
    } else {
      bytes[at] = large + 1
      this.view.setUint32(at + 1, count)
      this.at = at + 5
    }
  }

  /** Extension -1. `time` is what a valid Date holds: whole ms since 1970. */
  protected timestamp(time: number): void {
    this.room(15)
    const { bytes, view, at } = this
    const seconds = Math.floor(time / 1000)
    const nanoseconds = (time - seconds * 1000) * 1_000_000
    const high = Math.floor(seconds / 0x1_0000_0000)
    const low = seconds - high * 0x1_0000_0000
    if (high === 0 && nanoseconds === 0) {
      view.setUint16(at, 0xd6ff)
      view.setUint32(at + 2, low)
      this.at = at + 6
    } else if (high >= 0 && high < 4) {
      view.setUint16(at, 0xd7ff)
      view.setUint32(at + 2, nanoseconds * 4 + high)
      view.setUint32(at + 6, low)
      this.at = at + 10
    } else {
      bytes[at] = 0xc7
      view.setUint16(at + 1, 0x0cff)
      view.setUint32(at + 3, nanoseconds)
      view.setInt32(at + 7, high)
      view.setUint32(at + 11, low)
      this.at = at + 15
    }
  }
}

/** Of the head of a map. */
function headSize(count: number): number {
  if (count < 16) return 1
  return count < 0x10000 ? 3 : 5
}
