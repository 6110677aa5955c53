/**
 * Scalars of msgpack in their shortest form, for whoever has made room for them: each is written at
 * `at`, and where it ends is returned. Plain functions, which writers that are compiled call too.
 */
import type { Buffer } from 'node:buffer'

/** Up to here a loop over the characters beats a call into the engine's own encoder. */
export const SHORT_TEXT = 24

/** Needs room for 5 bytes. */
export function writeInt32(bytes: Buffer, view: DataView, at: number, value: number): number {
  if (value >= 0) {
    if (value < 0x80) {
      bytes[at] = value
      return at + 1
    }
    if (value < 0x100) {
      bytes[at] = 0xcc
      bytes[at + 1] = value
      return at + 2
    }
    if (value < 0x10000) {
      bytes[at] = 0xcd
      bytes[at + 1] = value >> 8
      bytes[at + 2] = value
      return at + 3
    }
    bytes[at] = 0xce
    view.setInt32(at + 1, value)
    return at + 5
  }
  if (value >= -0x20) {
    bytes[at] = value
    return at + 1
  }
  if (value >= -0x80) {
    bytes[at] = 0xd0
    bytes[at + 1] = value
    return at + 2
  }
  if (value >= -0x8000) {
    bytes[at] = 0xd1
    bytes[at + 1] = value >> 8
    bytes[at + 2] = value
    return at + 3
  }
  bytes[at] = 0xd2
  view.setInt32(at + 1, value)
  return at + 5
}

/** A number that is no int32. Needs room for 9 bytes. */
export function writeWide(bytes: Buffer, view: DataView, at: number, value: number): number {
  if (!Number.isSafeInteger(value)) {
    bytes[at] = 0xcb
    view.setFloat64(at + 1, value)
    return at + 9
  }
  if (value >= 0 && value < 0x1_0000_0000) {
    bytes[at] = 0xce
    view.setUint32(at + 1, value)
    return at + 5
  }
  const high = Math.floor(value / 0x1_0000_0000)
  bytes[at] = value < 0 ? 0xd3 : 0xcf
  view.setInt32(at + 1, high)
  view.setUint32(at + 5, value - high * 0x1_0000_0000)
  return at + 9
}

/** Of at most SHORT_TEXT characters; -1 where one of them is not ASCII. Needs room for length + 1. */
export function writeAscii(bytes: Buffer, at: number, text: string): number {
  const { length } = text
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return -1
    bytes[at + 1 + index] = code
  }
  bytes[at] = 0xa0 | length
  return at + 1 + length
}

/**
 * By Buffer's own encoder: a lone surrogate becomes U+FFFD, which is what the wire wants. Needs room
 * for 3 bytes per character and 5.
 */
export function writeLongText(bytes: Buffer, view: DataView, at: number, text: string): number {
  const guess = textHeadSize(text.length)
  const from = at + guess
  const size = bytes.write(text, from)
  const head = textHeadSize(size)
  if (head !== guess) bytes.copyWithin(at + head, from, from + size)
  return writeTextHead(bytes, view, at, size) + size
}

/** Needs the room of `writeLongText`. */
export function writeText(bytes: Buffer, view: DataView, at: number, text: string): number {
  const end = text.length <= SHORT_TEXT ? writeAscii(bytes, at, text) : -1
  return end > 0 ? end : writeLongText(bytes, view, at, text)
}

/** A number, a text, a boolean or null. */
export function writeScalar(bytes: Buffer, view: DataView, at: number, value: unknown): number {
  if (typeof value === 'string') return writeText(bytes, view, at, value)
  if (typeof value === 'number') {
    return (value | 0) === value
      ? writeInt32(bytes, view, at, value)
      : writeWide(bytes, view, at, value)
  }
  bytes[at] = value === null ? 0xc0 : value === true ? 0xc3 : 0xc2
  return at + 1
}

/** Room for what `writeScalar` takes, beyond that of a number; more than there is for anything else. */
export function moreRoom(value: unknown): number {
  if (typeof value === 'string') return 5 + 3 * value.length
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? 0 : NO_ROOM
}

/** Far above all memory, and still an integer of 31 bits when a place is added. */
const NO_ROOM = 2 ** 29

export function writeTextHead(bytes: Buffer, view: DataView, at: number, size: number): number {
  if (size >= 32) return writeSizeHead(bytes, view, at, 0xd9, size)
  bytes[at] = 0xa0 | size
  return at + 1
}

/** `first` is the form with a length of one byte, then come those of two and of four. */
export function writeSizeHead(
  bytes: Buffer,
  view: DataView,
  at: number,
  first: number,
  size: number,
): number {
  bytes[at] = size < 0x100 ? first : size < 0x10000 ? first + 1 : first + 2
  if (size < 0x100) {
    bytes[at + 1] = size
    return at + 2
  }
  if (size < 0x10000) {
    bytes[at + 1] = size >> 8
    bytes[at + 2] = size
    return at + 3
  }
  view.setUint32(at + 1, size)
  return at + 5
}

function textHeadSize(size: number): number {
  if (size < 32) return 1
  if (size < 0x100) return 2
  return size < 0x10000 ? 3 : 5
}
