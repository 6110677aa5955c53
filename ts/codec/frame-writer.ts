import { Buffer } from 'node:buffer'
import { type CallerError, rangeError, typeError } from '../errors.js'
import type { Message } from '../message.js'
import { FrameBytes, type Memory, PREFIX } from './frame-bytes.js'
import { isWellFormed, type KeyPlace, KeyTree, NOWHERE, wellFormed } from './key-tree.js'
import { bytesOfBuffer, bytesOfView, entriesOf, kindOf, sizeOf, timeOf } from './kinds.js'
import { pathOf, type Step } from './path.js'

export type { Memory, MemorySource } from './frame-bytes.js'

/** The options that a frame on its way out is held to. */
export interface OutboundLimits {
  readonly maxOutboundFrameLength: number
  readonly maxDepth: number
  readonly maxKeyLength: number
  readonly maxActionLength: number
}

/**
 * Messages straight to frames, strictly: one walk checks and writes, and a message that cannot be
 * sent throws with the path of what is wrong with it. Every transport writes with this.
 *
 * Getters and Proxies run in the walk and may do anything: each property is read once, a map's keys
 * come in the order that they had, and `moveTo` may be called from inside. Not re-entrant: what
 * they send is written by another FrameWriter.
 */
export class FrameWriter extends FrameBytes {
  readonly #keys: KeyTree = new KeyTree()
  /** By depth: the containers that are open, and how far each of them is. */
  readonly #open: unknown[] = [undefined]
  readonly #steps: Step[] = [undefined]
  #depth = 0
  #active = false
  #hasAction = false
  #distinct: object | undefined
  #maxDepth = 0
  #maxKeyLength = 0
  #maxActionLength = 0

  /** Inside a walk. */
  get active(): boolean {
    return this.#active
  }

  /**
   * Writes length prefix and payload from `start` on and returns the length of both. Throws a
   * TypeError or RangeError (`REPOD_ERR_INVALID_VALUE`, `REPOD_ERR_FRAME_TOO_LARGE`), or what a
   * getter threw; what was written until then does not count.
   */
  write(message: Message, memory: Memory, start: number, limits: OutboundLimits): number {
    if (this.#active) throw new Error('a FrameWriter writes one frame at a time')
    this.maxLength = limits.maxOutboundFrameLength
    this.#maxDepth = limits.maxDepth
    this.#maxKeyLength = limits.maxKeyLength
    this.#maxActionLength = limits.maxActionLength
    this.#hasAction = false
    this.settle(memory, start, 0)
    this.#active = true
    try {
      this.room(PREFIX)
      this.at += PREFIX
      // The place of writers compiled per shape: they take what they know and leave the rest here.
      this.#root(message)
      const length = this.at - this.begin
      if (length - PREFIX > this.maxLength) throw this.tooLarge()
      this.view.setUint32(this.begin, length - PREFIX)
      return length
    } finally {
      this.#active = false
      this.#distinct = undefined
      if (this.#depth > 0) {
        this.#open.fill(undefined)
        this.#depth = 0
      }
    }
  }

  #root(message: unknown): void {
    if (typeof message === 'object' && message !== null && !Array.isArray(message)) {
      const kind = isPlain(message) ? 'fields' : kindOf(message)
      if (kind === 'fields') this.#fields(message)
      else if (kind === 'map') this.#map(message)
      else throw this.#invalid('it must be an object with a string `action`')
      if (this.#hasAction) return
    }
    throw this.#invalid('it must be an object with a string `action`')
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.number(value)
        return
      case 'string':
        this.text(value)
        return
      case 'boolean':
        this.byte(value ? 0xc3 : 0xc2)
        return
      case 'undefined':
        this.byte(0xc0)
        return
      case 'object':
        if (value === null) this.byte(0xc0)
        else if (Array.isArray(value)) this.#array(value)
        else if (isPlain(value)) this.#fields(value)
        else this.#special(value)
        return
      case 'bigint':
        if (value < -0x8000_0000_0000_0000n || value > 0xffff_ffff_ffff_ffffn) {
          throw this.#outOfRange('a bigint must be between -2^63 and 2^64 - 1')
        }
        this.bigInteger(value)
        return
      default:
        throw this.#invalid(`it is a ${typeof value}`)
    }
  }

  #array(array: readonly unknown[]): void {
    const depth = this.#enter(array)
    const { length } = array
    // Only a Proxy can say otherwise.
    if (!Number.isInteger(length) || length < 0) throw this.#invalid('its length is no count')
    this.expect(length)
    this.arrayHead(length)
    for (let index = 0; index < length; index++) {
      this.#steps[depth] = index
      const value = array[index]
      if (typeof value === 'number') this.number(value)
      else this.#value(value)
    }
    this.#leave(depth)
  }

  #fields(object: object): void {
    const depth = this.#enter(object)
    const head = this.openMap()
    let place = this.#keys.root
    let count = 0
    for (const key in object) {
      if (!hasOwn.call(object, key)) continue
      this.#steps[depth] = key
      place = this.#key(place, key, object)
      const value = (object as Record<string, unknown>)[key]
      if (typeof value === 'number') this.number(value)
      else this.#value(value)
      if (depth === 1 && key === 'action') this.#checkAction(value)
      count++
    }
    this.closeMap(head, count)
    this.#leave(depth)
  }

  #key(place: KeyPlace, key: string, object: object): KeyPlace {
    const known = place.key === key ? place : this.#keys.find(place, key)
    if (known === undefined) {
      this.#unknownKey(key, object)
      return NOWHERE
    }
    if (known.textSize > this.#maxKeyLength) throw this.#longKey()
    this.words(known)
    return known.next
  }

  #unknownKey(key: string, object: object): void {
    this.#checkKey(key)
    if (this.#distinct !== object && !isWellFormed(key)) {
      // Lone surrogates all become U+FFFD: two keys may be one on the wire.
      const keys = Object.keys(object)
      if (new Set(keys.map(wellFormed)).size < keys.length) {
        throw this.#invalid('two keys of the object are the same text')
      }
      this.#distinct = object
    }
    this.text(key)
  }

  #checkKey(key: string): void {
    if (key === '__proto__') throw this.#invalid('`__proto__` is no key')
    if (key.length > this.#maxKeyLength || Buffer.byteLength(key) > this.#maxKeyLength) {
      throw this.#longKey()
    }
  }

  /** After the value was written, which is the one time that it is read. */
  #checkAction(action: unknown): void {
    if (typeof action !== 'string')
      throw this.#invalid(`it must be a string, not ${nameOf(action)}`)
    if (Buffer.byteLength(action) > this.#maxActionLength) {
      throw this.#outOfRange(`it is over maxActionLength (${this.#maxActionLength} bytes)`)
    }
    this.#hasAction = true
  }

  #special(value: object): void {
    const kind = kindOf(value)
    switch (kind) {
      case 'fields':
        this.#fields(value)
        return
      case 'map':
        this.#map(value)
        return
      case 'date':
        this.#date(value)
        return
      case 'view':
      case 'buffer': {
        const bytes = kind === 'view' ? bytesOfView(value as ArrayBufferView) : bytesOfBuffer(value)
        if (bytes === undefined) throw this.#invalid('its memory is gone (transferred or resized)')
        this.binary(bytes)
        return
      }
      default:
        throw this.#invalid(`it is ${kind.refused}`)
    }
  }

  #date(date: object): void {
    const time = timeOf(date)
    if (time === undefined) throw this.#invalid('it only looks like a Date')
    if (Number.isNaN(time)) throw this.#invalid('it is an invalid Date')
    this.timestamp(time)
  }

  #map(map: object): void {
    const depth = this.#enter(map)
    const iterator = entriesOf(map)
    if (iterator === undefined) throw this.#invalid('it only looks like a Map (a Proxy of one?)')
    this.expect(2 * sizeOf(map))
    const entries = [...iterator]
    const texts = new Set<string>()
    this.mapHead(entries.length)
    for (const [key, value] of entries) {
      const text = this.#mapKey(key, depth)
      if (texts.has(text)) throw this.#invalid('two keys of the Map are the same text')
      texts.add(text)
      this.#value(value)
      if (depth === 1 && key === 'action') this.#checkAction(value)
    }
    this.#leave(depth)
  }

  /** Writes a key of a Map and returns what it is as text. */
  #mapKey(key: unknown, depth: number): string {
    if (typeof key === 'string') {
      this.#steps[depth] = key
      this.#checkKey(key)
      this.text(key)
      return isWellFormed(key) ? key : wellFormed(key)
    }
    if (typeof key === 'bigint' || Number.isSafeInteger(key)) {
      // -0 counts as 0.
      const integer = typeof key === 'bigint' ? key : (key as number) + 0
      this.#steps[depth] = integer
      this.#value(integer)
      return String(integer)
    }
    this.#depth = depth - 1
    throw this.#invalid(`the keys of a Map must be strings or integers, not ${nameOf(key)}`)
  }

  #enter(container: object): number {
    const depth = this.#depth + 1
    for (let outer = depth - 1; outer > 0; outer--) {
      if (this.#open[outer] === container) throw this.#invalid('it contains itself')
    }
    if (depth > this.#maxDepth) {
      throw this.#outOfRange(`it is nested deeper than maxDepth (${this.#maxDepth} levels)`)
    }
    this.#open[depth] = container
    this.#depth = depth
    // Until its first entry, what is wrong is wrong with the container.
    this.#steps[depth] = undefined
    return depth
  }

  #leave(depth: number): void {
    this.#open[depth] = undefined
    this.#depth = depth - 1
  }

  protected override tooLarge(): CallerError {
    const why = `the frame is over maxOutboundFrameLength (${this.maxLength} bytes)`
    return rangeError('FRAME_TOO_LARGE', `${this.#path()} cannot be sent: ${why}`)
  }

  #longKey(): CallerError {
    return this.#outOfRange(`its key is over maxKeyLength (${this.#maxKeyLength} bytes)`)
  }

  #invalid(why: string): CallerError {
    return typeError('INVALID_VALUE', `${this.#path()} cannot be sent: ${why}`)
  }

  #outOfRange(why: string): CallerError {
    return rangeError('INVALID_VALUE', `${this.#path()} cannot be sent: ${why}`)
  }

  #path(): string {
    return pathOf(this.#steps.slice(1, this.#depth + 1))
  }
}

const hasOwn = Object.prototype.hasOwnProperty

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return Array.isArray(value) ? 'array' : typeof value
}
