/** The vectors of this folder, as JavaScript values; see generate.py for their notation. */
import { readFileSync } from 'node:fs'

export interface Vector {
  readonly name: string
  /** Length prefix and payload. */
  readonly frame: Uint8Array
  /** Of a frame that is accepted. */
  readonly value?: unknown
  /** Our frame writer makes this very frame of `value`. */
  readonly canonical: boolean
  /** Of a frame that is not: `CODE detail`. */
  readonly fault?: string
}

interface Noted {
  readonly name: string
  readonly frame: string
  readonly value?: Note
  readonly canonical?: boolean
  readonly fault?: string
}

export type Note =
  | null
  | boolean
  | string
  | readonly Note[]
  | { readonly int: string }
  | { readonly float: string }
  | { readonly bin: string }
  | { readonly time: string }
  | { readonly map: readonly (readonly [string | { readonly int: string }, Note])[] }

export function loadVectors(name: 'packed' | 'suite'): Vector[] {
  const text = readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')
  return (JSON.parse(text) as Noted[]).map(({ name, frame, value, canonical, fault }) => ({
    name,
    frame: bytesOf(frame),
    canonical: canonical ?? false,
    ...(fault === undefined ? { value: meantBy(value as Note) } : { fault }),
  }))
}

function meantBy(note: Note): unknown {
  if (note === null || typeof note !== 'object') return note
  if (isList(note)) return note.map(meantBy)
  if ('int' in note) {
    const integer = BigInt(note.int)
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
  }
  if ('float' in note) return new DataView(bytesOf(note.float).buffer).getFloat64(0)
  if ('bin' in note) return bytesOf(note.bin)
  if ('time' in note) return new Date(Number(note.time))
  return Object.fromEntries(note.map.map(([key, value]) => [textOf(key), meantBy(value)]))
}

/** The note of a value that may be sent. Integer keys are noted as such: they are sent as such. */
export function noteOf(value: unknown): Note {
  switch (typeof value) {
    case 'undefined':
      return null
    case 'boolean':
      return value
    case 'string':
      return value.replace(/\p{Surrogate}/gu, '\ufffd')
    case 'bigint':
      return { int: String(value) }
    case 'number':
      return Number.isSafeInteger(value) ? { int: String(value) } : { float: doubleOf(value) }
    case 'object':
      return noteOfObject(value)
    default:
      throw new Error(`a ${typeof value} has no note`)
  }
}

function noteOfObject(value: object | null): Note {
  if (value === null) return null
  if (value instanceof Date) return { time: String(value.getTime()) }
  if (value instanceof ArrayBuffer) return { bin: Buffer.from(value).toString('hex') }
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value
    return { bin: Buffer.from(buffer, byteOffset, byteLength).toString('hex') }
  }
  if (Array.isArray(value)) return value.map(noteOf)
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value)
  return { map: entries.map(([key, each]) => [noteOf(key) as string, noteOf(each)]) }
}

function doubleOf(value: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes.toString('hex')
}

function textOf(key: string | { readonly int: string }): string {
  return typeof key === 'string' ? key : key.int
}

function isList(note: Note): note is readonly Note[] {
  return Array.isArray(note)
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
