import type { Detail, Fault } from '../errors.js'
import { KeyList } from './key-list.js'
import { isValidUtf8 } from './utf8.js'

/** The options that a payload is held to. */
export interface InboundLimits {
  readonly maxDepth: number
  readonly maxElements: number
  readonly maxMapEntries: number
  readonly maxKeyLength: number
  readonly maxActionLength: number
}

/**
 * One strict pass over a payload that alone decides whether it is accepted; undefined: it is. The
 * order of its checks is part of the wire format. The twin in `crates/repod-codec` makes the same
 * ones in the same order, so that both give one verdict, and one detail, for every input.
 */
export function validate(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: InboundLimits,
): Fault | undefined {
  return walk.run(bytes, start, end, limits)
}

const NOTHING: Uint8Array = new Uint8Array(0)
const NO_LIMITS: InboundLimits = {
  maxDepth: 0,
  maxElements: 0,
  maxMapEntries: 0,
  maxKeyLength: 0,
  maxActionLength: 0,
}

/** Seconds of the first and of the last day that a Date can hold, either side of 1970. */
const DATE_SECONDS = 8_640_000_000_000
const TIMESTAMP = 0xff

class Walk {
  #bytes: Uint8Array = NOTHING
  #at = 0
  #end = 0
  #limits = NO_LIMITS
  /** Values that may still come. */
  #left = 0
  /** Where the value of the root's `action` begins; -1: none was seen. */
  #action = -1
  readonly #keys = new KeyList()

  run(bytes: Uint8Array, start: number, end: number, limits: InboundLimits): Fault | undefined {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#limits = limits
    this.#left = limits.maxElements
    this.#action = -1
    this.#keys.begin(bytes)
    const detail = this.#value(1) ?? (this.#at < end ? 'trailing' : undefined)
    const fault = detail === undefined ? this.#shape() : FAULTS[detail]
    this.#bytes = NOTHING
    if (detail === undefined) this.#keys.begin(NOTHING)
    else this.#keys.end()
    return fault
  }

  /** Only a payload that passed whole is asked for it. */
  #shape(): Fault | undefined {
    if (this.#action < 0) return INVALID_MESSAGE
    this.#at = this.#action
    const size = this.#textSize(this.#bytes[this.#at++] as number)
    return size === NO_TEXT || size > this.#limits.maxActionLength ? INVALID_ACTION : undefined
  }

  /** `depth` is that of the value itself, should it be a container. */
  #value(depth: number): Detail | undefined {
    if (this.#at === this.#end) return 'truncated'
    const head = this.#bytes[this.#at++] as number
    if (head === 0xc1) return 'reserved'
    if (--this.#left < 0) return 'elements'
    if (head < 0x80 || head >= 0xe0) return undefined
    if (head < 0x90) return this.#map(head & 0x0f, depth)
    if (head < 0xa0) return this.#array(head & 0x0f, depth)
    if (head < 0xc0) return this.#text(head & 0x1f)
    switch (head) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return undefined
      case 0xc4:
        return this.#body(this.#size(1))
      case 0xc5:
        return this.#body(this.#size(2))
      case 0xc6:
        return this.#body(this.#size(4))
      case 0xc7:
        return this.#extension(this.#size(1))
      case 0xc8:
        return this.#extension(this.#size(2))
      case 0xc9:
        return this.#extension(this.#size(4))
      case 0xcc:
      case 0xd0:
        return this.#body(1)
      case 0xcd:
      case 0xd1:
        return this.#body(2)
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.#body(4)
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#body(8)
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (head - 0xd4))
      case 0xd9:
        return this.#text(this.#size(1))
      case 0xda:
        return this.#text(this.#size(2))
      case 0xdb:
        return this.#text(this.#size(4))
      case 0xdc:
        return this.#array(this.#size(2), depth)
      case 0xdd:
        return this.#array(this.#size(4), depth)
      case 0xde:
        return this.#map(this.#size(2), depth)
      default:
        return this.#map(this.#size(4), depth)
    }
  }

  #array(count: number, depth: number): Detail | undefined {
    if (count < 0) return 'truncated'
    if (depth > this.#limits.maxDepth) return 'depth'
    if (count > this.#end - this.#at) return 'elements'
    for (let index = 0; index < count; index++) {
      const detail = this.#value(depth + 1)
      if (detail !== undefined) return detail
    }
    return undefined
  }

  #map(count: number, depth: number): Detail | undefined {
    if (count < 0) return 'truncated'
    if (depth > this.#limits.maxDepth) return 'depth'
    if (2 * count > this.#end - this.#at) return 'elements'
    if (count > this.#limits.maxMapEntries) return 'map'
    this.#keys.open(count)
    for (let index = 0; index < count; index++) {
      const detail = this.#key(depth) ?? this.#value(depth + 1)
      if (detail !== undefined) return detail
    }
    this.#keys.close()
    return undefined
  }

  #key(depth: number): Detail | undefined {
    if (this.#at === this.#end) return 'truncated'
    const head = this.#bytes[this.#at++] as number
    if (head === 0xc1) return 'reserved'
    const length = this.#textSize(head)
    if (length === NO_TEXT) return this.#integerKey(head)
    if (length < 0) return 'truncated'
    if (length > this.#limits.maxKeyLength) return 'key'
    const start = this.#at
    const detail = this.#text(length)
    if (detail !== undefined) return detail
    if (length === PROTO.length && this.#reads(start, PROTO)) return 'key'
    if (depth === 1 && length === ACTION.length && this.#reads(start, ACTION)) {
      this.#action = this.#at
    }
    return this.#keys.addText(start, this.#at) ? undefined : 'key'
  }

  #integerKey(head: number): Detail | undefined {
    const size = integerSize(head)
    if (size < 0) return 'key'
    const start = this.#at - 1
    if (this.#body(size) !== undefined) return 'truncated'
    return this.#keys.addInteger(start) ? undefined : 'key'
  }

  /** The length of a str with this first byte, -1 if its field is incomplete, else NO_TEXT. */
  #textSize(head: number): number {
    if (head >= 0xa0 && head < 0xc0) return head & 0x1f
    if (head === 0xd9) return this.#size(1)
    if (head === 0xda) return this.#size(2)
    return head === 0xdb ? this.#size(4) : NO_TEXT
  }

  /** A length field of so many bytes, -1 if it is incomplete. */
  #size(bytes: 1 | 2 | 4): number {
    const at = this.#at
    if (bytes > this.#end - at) return -1
    this.#at = at + bytes
    let size = 0
    for (let index = at; index < at + bytes; index++) {
      size = size * 0x100 + (this.#bytes[index] as number)
    }
    return size
  }

  #body(size: number): Detail | undefined {
    if (size < 0 || size > this.#end - this.#at) return 'truncated'
    this.#at += size
    return undefined
  }

  #text(length: number): Detail | undefined {
    const start = this.#at
    const detail = this.#body(length)
    if (detail !== undefined) return detail
    return isValidUtf8(this.#bytes, start, this.#at) ? undefined : 'utf8'
  }

  #extension(length: number): Detail | undefined {
    const start = this.#at
    if (length < 0 || this.#body(1 + length) !== undefined) return 'truncated'
    if (this.#bytes[start] !== TIMESTAMP) return 'ext'
    return this.#isTimestamp(start + 1, length) ? undefined : 'ext'
  }

  /** Whether a Date can hold it: parts of a millisecond are dropped towards the past. */
  #isTimestamp(at: number, length: number): boolean {
    if (length === 4) return true
    if (length !== 8 && length !== 12) return false
    const word = this.#word(at)
    if (length === 8) return Math.floor(word / 4) < 1_000_000_000
    if (word >= 1_000_000_000) return false
    const seconds = (this.#word(at + 4) | 0) * 0x1_0000_0000 + this.#word(at + 8)
    if (seconds === DATE_SECONDS) return word < 1_000_000
    return seconds >= -DATE_SECONDS && seconds < DATE_SECONDS
  }

  #word(at: number): number {
    const bytes = this.#bytes
    const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
    return high * 0x10000 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  }

  #reads(at: number, text: Uint8Array): boolean {
    for (let index = 0; index < text.length; index++) {
      if (this.#bytes[at + index] !== text[index]) return false
    }
    return true
  }
}

/** Bytes behind the first one of an integer, -1 if it is none. */
function integerSize(head: number): number {
  if (head < 0x80 || head >= 0xe0) return 0
  if (head < 0xcc || head > 0xd3) return -1
  return 1 << (head & 3)
}

const NO_TEXT = -2
const PROTO = new TextEncoder().encode('__proto__')
const ACTION = new TextEncoder().encode('action')

const INVALID_MESSAGE: Fault = Object.freeze({ code: 'INVALID_MESSAGE' })
const INVALID_ACTION: Fault = Object.freeze({ code: 'INVALID_ACTION' })
const FAULTS: { readonly [Name in Detail]: Fault } = {
  truncated: faultOf('truncated'),
  reserved: faultOf('reserved'),
  elements: faultOf('elements'),
  utf8: faultOf('utf8'),
  ext: faultOf('ext'),
  depth: faultOf('depth'),
  map: faultOf('map'),
  key: faultOf('key'),
  trailing: faultOf('trailing'),
}

function faultOf(detail: Detail): Fault {
  return Object.freeze({ code: 'DECODE_ERROR', detail })
}

const walk = new Walk()
