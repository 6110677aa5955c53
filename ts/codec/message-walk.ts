import { Buffer } from 'node:buffer'
import { type CallerError, rangeError, typeError } from '../errors.js'
import { FrameBytes } from './frame-bytes.js'
import { isWellFormed, type KeyPlace, KeyTree, NOWHERE, wellFormed } from './key-tree.js'
import { bytesOfBuffer, bytesOfView, entriesOf, kindOf, sizeOf, timeOf } from './kinds.js'
import { pathOf, type Step } from './path.js'

/** The options that a frame on its way out is held to. */
export interface OutboundLimits {
  readonly maxOutboundFrameLength: number
  readonly maxDepth: number
  readonly maxKeyLength: number
  readonly maxActionLength: number
  /** Whether writers may be compiled for the messages that repeat. */
  readonly codegen: boolean
}

/**
 * The walk of a message: checks and writes each value, whatever it is, and says of one that cannot
 * be sent where it is. What compiled writers do not know is left to it.
 */
export abstract class MessageWalk extends FrameBytes {
  protected readonly keys: KeyTree = new KeyTree()
  protected hasAction = false
  protected maxDepth = 0
  protected maxKeyLength = 0
  protected maxAction = 0
  /** Objects in arrays that a compiled writer went through; what it left to the walk. */
  protected hits = 0
  protected misses = 0
  /** By depth: the containers that are open, and how far each of them is. */
  readonly #open: unknown[] = [undefined]
  readonly #steps: Step[] = [undefined]
  #depth = 0
  #distinct: object | undefined

  protected limit(limits: OutboundLimits): void {
    this.maxLength = limits.maxOutboundFrameLength
    this.maxDepth = limits.maxDepth
    this.maxKeyLength = limits.maxKeyLength
    this.maxAction = limits.maxActionLength
  }

  /** Lets go of the message. */
  protected forget(): void {
    this.#distinct = undefined
    if (this.#depth > 0) this.#return()
  }

  /** Writes the message; where the keys of an object end, NOWHERE for a Map. */
  protected root(message: unknown): KeyPlace {
    if (typeof message === 'object' && message !== null && !Array.isArray(message)) {
      const kind = isPlain(message) ? 'fields' : kindOf(message)
      let place = NOWHERE
      if (kind === 'fields') place = this.#fields(message)
      else if (kind === 'map') this.#map(message)
      else throw this.invalid(NO_MESSAGE)
      if (this.hasAction) return place
    }
    throw this.invalid(NO_MESSAGE)
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
        throw this.invalid(`it is a ${typeof value}`)
    }
  }

  #array(array: readonly unknown[]): void {
    this.#elements(array, this.#enter(array), array.length)
  }

  #elements(array: readonly unknown[], depth: number, length: number): void {
    // Only a Proxy can say otherwise.
    if (!Number.isInteger(length) || length < 0) throw this.invalid('its length is no count')
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

  #fields(object: object): KeyPlace {
    const depth = this.#enter(object)
    const head = this.openMap()
    let place = this.keys.root
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
    return place
  }

  // What compiled writers leave to the walk. `trail` leads to it: containers, each with the step to
  // the next.

  protected inner(trail: readonly unknown[], value: unknown): void {
    this.#follow(trail)
    this.#value(value)
    this.#return()
  }

  /** An object or array was expected. */
  protected misfit(trail: readonly unknown[], value: unknown): void {
    this.misses++
    this.inner(trail, value)
  }

  protected elements(trail: readonly unknown[], array: readonly unknown[], length: number): void {
    this.#follow(trail)
    this.#elements(array, this.#enter(array), length)
    this.#return()
  }

  /**
   * Goes on with an object that has `keys`: those before `from` are written, behind a head at
   * `head`, of the next ones the values are read.
   */
  protected resume(
    trail: readonly unknown[],
    object: object,
    keys: readonly string[],
    head: number,
    from: number,
    values: readonly unknown[],
  ): void {
    this.misses++
    this.#follow(trail)
    const depth = this.#enter(object)
    const opened = from === 0 ? this.at - this.begin : head
    if (from === 0) this.mapHead(keys.length)
    let place = from === 0 ? this.keys.root : NOWHERE
    let count = from
    for (let index = from; index < keys.length; index++) {
      const key = keys[index] as string
      const isRead = index < from + values.length && values[index - from] !== undefined
      // A getter may have deleted it.
      if (!isRead && !isEnumerable.call(object, key)) {
        if (depth === 1 && key === 'action') this.hasAction = false
        continue
      }
      this.#steps[depth] = key
      place = this.#key(place, key, object)
      const value =
        index < from + values.length
          ? values[index - from]
          : (object as Record<string, unknown>)[key]
      this.#value(value)
      if (depth === 1 && key === 'action') this.#checkAction(value)
      count++
    }
    this.recount(opened, keys.length, count)
    this.#return()
  }

  #follow(trail: readonly unknown[]): void {
    for (let index = 0; index < trail.length; index += 2) {
      const depth = index / 2 + 1
      this.#open[depth] = trail[index]
      this.#steps[depth] = trail[index + 1] as Step
    }
    this.#depth = trail.length / 2
  }

  #return(): void {
    this.#open.fill(undefined)
    this.#depth = 0
  }

  #key(place: KeyPlace, key: string, object: object): KeyPlace {
    const known = place.key === key ? place : this.keys.find(place, key)
    if (known === undefined) {
      this.#unknownKey(key, object)
      return NOWHERE
    }
    if (known.textSize > this.maxKeyLength) throw this.#longKey()
    this.words(known)
    return known.next
  }

  #unknownKey(key: string, object: object): void {
    this.#checkKey(key)
    if (this.#distinct !== object && !isWellFormed(key)) {
      // Lone surrogates all become U+FFFD: two keys may be one on the wire.
      const keys = Object.keys(object)
      if (new Set(keys.map(wellFormed)).size < keys.length) {
        throw this.invalid('two keys of the object are the same text')
      }
      this.#distinct = object
    }
    this.text(key)
  }

  #checkKey(key: string): void {
    if (key === '__proto__') throw this.invalid('`__proto__` is no key')
    if (key.length > this.maxKeyLength || Buffer.byteLength(key) > this.maxKeyLength) {
      throw this.#longKey()
    }
  }

  /** After the value was written, which is the one time that it is read. */
  #checkAction(action: unknown): void {
    if (typeof action !== 'string') throw this.invalid(`it must be a string, not ${nameOf(action)}`)
    if (Buffer.byteLength(action) > this.maxAction) {
      throw this.#outOfRange(`it is over maxActionLength (${this.maxAction} bytes)`)
    }
    this.hasAction = true
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
        if (bytes === undefined) throw this.invalid('its memory is gone (transferred or resized)')
        this.binary(bytes)
        return
      }
      default:
        throw this.invalid(`it is ${kind.refused}`)
    }
  }

  #date(date: object): void {
    const time = timeOf(date)
    if (time === undefined) throw this.invalid('it only looks like a Date')
    if (Number.isNaN(time)) throw this.invalid('it is an invalid Date')
    this.timestamp(time)
  }

  #map(map: object): void {
    const depth = this.#enter(map)
    const iterator = entriesOf(map)
    if (iterator === undefined) throw this.invalid('it only looks like a Map (a Proxy of one?)')
    this.expect(2 * sizeOf(map))
    const entries = [...iterator]
    const texts = new Set<string>()
    this.mapHead(entries.length)
    for (const [key, value] of entries) {
      const text = this.#mapKey(key, depth)
      if (texts.has(text)) throw this.invalid('two keys of the Map are the same text')
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
    throw this.invalid(`the keys of a Map must be strings or integers, not ${nameOf(key)}`)
  }

  #enter(container: object): number {
    const depth = this.#depth + 1
    for (let outer = depth - 1; outer > 0; outer--) {
      if (this.#open[outer] === container) throw this.invalid('it contains itself')
    }
    if (depth > this.maxDepth) {
      throw this.#outOfRange(`it is nested deeper than maxDepth (${this.maxDepth} levels)`)
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
    return this.#outOfRange(`its key is over maxKeyLength (${this.maxKeyLength} bytes)`)
  }

  protected invalid(why: string): CallerError {
    return typeError('INVALID_VALUE', `${this.#path()} cannot be sent: ${why}`)
  }

  #outOfRange(why: string): CallerError {
    return rangeError('INVALID_VALUE', `${this.#path()} cannot be sent: ${why}`)
  }

  #path(): string {
    return pathOf(this.#steps.slice(1, this.#depth + 1))
  }
}

export const NO_MESSAGE = 'it must be an object with a string `action`'
const hasOwn = Object.prototype.hasOwnProperty
const isEnumerable = Object.prototype.propertyIsEnumerable

export function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return Array.isArray(value) ? 'array' : typeof value
}
