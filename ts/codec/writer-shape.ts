/**
 * What a message looks like, taken from one: the order of its keys and the type of each field. It
 * is a guess about the messages to come. A wrong one costs time and nothing else.
 */
import { Buffer } from 'node:buffer'
import { types } from 'node:util'
import { isWellFormed, MAX_KEY_BYTES } from './key-tree.js'

export type FieldShape =
  | { readonly is: 'number' | 'text' | 'boolean' }
  /** Anything else: written by the generic walk, whatever it is. */
  | { readonly is: 'any' }
  | { readonly is: 'objects'; readonly element: ObjectShape }
  | ObjectShape

export interface ObjectShape {
  readonly is: 'object'
  readonly fields: readonly { readonly key: string; readonly value: FieldShape }[]
}

export interface MessageShape {
  readonly root: ObjectShape
  readonly action: string
  /** Levels of containers that a writer of this shape goes down by itself. */
  readonly depth: number
  /** Bytes of the longest key. */
  readonly keyBytes: number
  /** False: an array is empty, so nothing is known of its elements. */
  readonly isComplete: boolean
}

/** Bounds of what is compiled; beyond them a field is `any`. */
const MAX_FIELDS = 128
const MAX_DEPTH = 8

/** Undefined for a message that no writer is made for. Calls nothing of the user's. */
export function shapeOf(message: object): MessageShape | undefined {
  const reader = new ShapeReader()
  const root = reader.object(message, 1)
  const action: unknown = Object.getOwnPropertyDescriptor(message, 'action')?.value
  if (root === undefined || typeof action !== 'string') return undefined
  if (Buffer.byteLength(action) > MAX_KEY_BYTES) return undefined
  const { depth, keyBytes, isComplete } = reader
  return { root, action, depth, keyBytes, isComplete }
}

class ShapeReader {
  depth = 0
  keyBytes = 0
  isComplete = true
  #fields = 0

  object(object: object, depth: number): ObjectShape | undefined {
    if (depth > MAX_DEPTH || !isPlainData(object)) return undefined
    const properties = Object.entries(Object.getOwnPropertyDescriptors(object)).filter(
      ([, property]) => property.enumerable === true,
    )
    this.#fields += properties.length
    if (this.#fields > MAX_FIELDS) return undefined
    for (const [key, property] of properties) {
      const size = Buffer.byteLength(key)
      const isKey = size <= MAX_KEY_BYTES && key !== '__proto__' && isWellFormed(key)
      if (!isKey || !('value' in property)) return undefined
      this.keyBytes = Math.max(this.keyBytes, size)
    }
    this.depth = Math.max(this.depth, depth)
    const fields = properties.map(([key, { value }]) => ({ key, value: this.#value(value, depth) }))
    return { is: 'object', fields }
  }

  #value(value: unknown, depth: number): FieldShape {
    switch (typeof value) {
      case 'number':
      case 'boolean':
        return { is: typeof value as 'number' | 'boolean' }
      case 'string':
        return { is: 'text' }
      case 'object': {
        if (value === null || types.isProxy(value)) return ANY
        if (Array.isArray(value)) return this.#array(value, depth + 1)
        return this.object(value, depth + 1) ?? ANY
      }
      default:
        return ANY
    }
  }

  #array(array: readonly unknown[], depth: number): FieldShape {
    if (array.length === 0) {
      this.isComplete = false
      return ANY
    }
    const first: unknown = Object.getOwnPropertyDescriptor(array, 0)?.value
    if (typeof first !== 'object' || first === null) return ANY
    const element = this.object(first, depth + 1)
    if (element === undefined) return ANY
    this.depth = Math.max(this.depth, depth + 1)
    return { is: 'objects', element }
  }
}

const ANY: FieldShape = { is: 'any' }

function isPlainData(object: object): boolean {
  if (types.isProxy(object) || Array.isArray(object)) return false
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === Object.prototype || prototype === null
}
