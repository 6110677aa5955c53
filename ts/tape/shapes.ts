/**
 * The description of a shape (see layout.ts), parsed. It comes from the engine, never from a peer's
 * bytes: one that breaks its own format is a defect of the engine and throws a plain Error.
 */
import { ENGINE, NUMBER_OPTIONS } from '../options.js'
import { TYPE } from './layout.js'

export type ShapeType =
  | { readonly type: ScalarType }
  | { readonly type: typeof TYPE.CONSTANT; readonly text: string }
  | { readonly type: typeof TYPE.ARRAY; readonly element: ShapeType }
  | ObjectShape

export interface ObjectShape {
  readonly type: typeof TYPE.OBJECT
  readonly fields: readonly Field[]
}

export interface Field {
  readonly key: string
  readonly value: ShapeType
}

/** A message's shape: its root, and the constant that its `action` is. */
export interface Shape {
  readonly action: string
  readonly root: ObjectShape
}

type ScalarType = (typeof TYPE)['I32' | 'F64' | 'BOOLEAN' | 'NIL' | 'TEXT' | 'EMPTY_ARRAY']

export function parseShape(description: Uint8Array): Shape {
  return new DescriptionParser(description).shape()
}

class DescriptionParser {
  readonly #bytes: Uint8Array
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #at = 0
  #fields = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  shape(): Shape {
    const root = this.#type(1)
    if (this.#at !== this.#bytes.length) throw broken('bytes behind its end', this.#at)
    if (root.type !== TYPE.OBJECT) throw broken('its root is no object', 0)
    const action = root.fields.find((field) => field.key === 'action')?.value
    if (action?.type !== TYPE.CONSTANT) throw broken('no constant action', 0)
    return { action: action.text, root }
  }

  #type(depth: number): ShapeType {
    if (depth > NUMBER_OPTIONS.maxDepth.max) throw broken('too deep', this.#at)
    const type = this.#byte()
    switch (type) {
      case TYPE.I32:
      case TYPE.F64:
      case TYPE.BOOLEAN:
      case TYPE.NIL:
      case TYPE.TEXT:
      case TYPE.EMPTY_ARRAY:
        return { type }
      case TYPE.OBJECT:
        return { type, fields: this.#object(depth) }
      case TYPE.ARRAY:
        return { type, element: this.#type(depth + 1) }
      case TYPE.CONSTANT:
        if (depth !== 2) throw broken('a constant below the root', this.#at)
        return { type, text: this.#text() }
      default:
        throw broken(`unknown type ${type}`, this.#at - 1)
    }
  }

  #object(depth: number): Field[] {
    const count = this.#u16()
    this.#fields += count
    if (this.#fields > ENGINE.maxShapeFields) throw broken('too many fields', this.#at)
    const fields: Field[] = []
    const keys = new Set<string>()
    for (let i = 0; i < count; i++) {
      const key = this.#text()
      // In an object literal this key would set the prototype.
      if (key === '__proto__') throw broken('the key __proto__', this.#at)
      if (keys.has(key)) throw broken(`the key ${JSON.stringify(key)} twice`, this.#at)
      keys.add(key)
      fields.push({ key, value: this.#type(depth + 1) })
    }
    return fields
  }

  #text(): string {
    const length = this.#u16()
    const end = this.#at + length
    if (end > this.#bytes.length) throw broken('truncated', this.#at)
    // A copy: TextDecoder refuses views of shared memory in some runtimes.
    const text = this.#utf8.decode(this.#bytes.slice(this.#at, end))
    this.#at = end
    return text
  }

  #u16(): number {
    return this.#byte() | (this.#byte() << 8)
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw broken('truncated', this.#at)
    this.#at++
    return byte
  }
}

function broken(what: string, at: number): Error {
  return new Error(`broken shape description: ${what}, at byte ${at}`)
}
