/** Records as ts/tape/layout.ts describes them, put together by hand. */
import { INBOUND, SHORT_TEXT, TYPE } from '../../ts/tape/layout.js'
import type { ShapeType } from '../../ts/tape/shapes.js'

export function describeShape(type: ShapeType): number[] {
  switch (type.type) {
    case TYPE.OBJECT:
      return [
        type.type,
        ...u16(type.fields.length),
        ...type.fields.flatMap(({ key, value }) => [...sized(key), ...describeShape(value)]),
      ]
    case TYPE.ARRAY:
      return [type.type, ...describeShape(type.element)]
    case TYPE.CONSTANT:
      return [type.type, ...sized(type.text)]
    default:
      return [type.type]
  }
}

export interface Flat {
  readonly doubles: number[]
  readonly ints: number[]
  short: string
  long: string
}

/** The fields of `value`, in the order of the shape. */
export function flatten(type: ShapeType, value: unknown, into: Flat = emptyFlat()): Flat {
  switch (type.type) {
    case TYPE.I32:
      into.ints.push(value as number)
      break
    case TYPE.BOOLEAN:
      into.ints.push(value === true ? 1 : 0)
      break
    case TYPE.F64:
      into.doubles.push(value as number)
      break
    case TYPE.TEXT: {
      const text = value as string
      into.ints.push(text.length)
      if (text.length <= SHORT_TEXT) into.short += text
      else into.long += text
      break
    }
    case TYPE.ARRAY:
      into.ints.push((value as unknown[]).length)
      for (const each of value as unknown[]) flatten(type.element, each, into)
      break
    case TYPE.OBJECT:
      for (const field of type.fields) {
        flatten(field.value, (value as Record<string, unknown>)[field.key], into)
      }
      break
  }
  return into
}

export interface Who {
  readonly index: number
  readonly generation: number
}

export function tapeRecord(who: Who, payload: number, shape: number, flat: Flat): Uint8Array {
  const { doubles, ints, short, long } = flat
  return bytesOf(
    INBOUND.TAPE,
    [who.index, who.generation, payload, shape, doubles.length, ints.length, short.length],
    Buffer.from(Float64Array.from(doubles).buffer),
    Buffer.from(Int32Array.from(ints).buffer),
    Buffer.from(short + long, 'latin1'),
  )
}

export function bytesRecord(who: Who, payload: Uint8Array): Uint8Array {
  return bytesOf(INBOUND.BYTES, [who.index, who.generation, payload.length], payload)
}

export function heldRecord(who: Who, payload: number, held: number): Uint8Array {
  return bytesOf(INBOUND.HELD, [who.index, who.generation, payload, held])
}

export function shapeRecord(shape: number, description: readonly number[]): Uint8Array {
  return bytesOf(INBOUND.SHAPE, [shape, description.length, 0], Uint8Array.from(description))
}

export interface Where {
  readonly port: number
  readonly family: 4 | 6
  readonly scope?: number
  readonly address: readonly number[]
}

export function openedRecord(who: Who, endpoint: number, where: Where): Uint8Array {
  return bytesOf(
    INBOUND.OPENED,
    [who.index, who.generation, endpoint, ...wordsOf(where)],
    padded(where.address),
  )
}

export function resultRecord(request: number, errno: number, where: Where = NOWHERE): Uint8Array {
  return bytesOf(INBOUND.RESULT, [request, 0, errno, ...wordsOf(where)], padded(where.address))
}

export function faultRecord(who: Who, code: number, detail: number, length: number): Uint8Array {
  return bytesOf(INBOUND.FAULT, [who.index, who.generation, code, detail, length, 0, 0])
}

export function drainedRecord(who: Who): Uint8Array {
  return bytesOf(INBOUND.DRAINED, [who.index, who.generation, 0])
}

export function closedRecord(who: Who, end: number): Uint8Array {
  return bytesOf(INBOUND.CLOSED, [who.index, who.generation, end])
}

/** A record of `bytes` that says nothing: it ends a lap of the ring. */
export function fillerRecord(bytes: number): Uint8Array {
  const record = new Uint8Array(bytes)
  new DataView(record.buffer).setUint32(0, INBOUND.FILLER | ((bytes / 4) << 8), true)
  return record
}

const NOWHERE: Where = { port: 0, family: 4, address: [] }

export function emptyFlat(): Flat {
  return { doubles: [], ints: [], short: '', long: '' }
}

function bytesOf(kind: number, words: readonly number[], ...parts: Uint8Array[]): Uint8Array {
  const body = Buffer.concat([Buffer.from(Int32Array.from([0, ...words]).buffer), ...parts])
  const record = Buffer.concat([body, Buffer.alloc((8 - (body.length % 8)) % 8)])
  record.writeUInt32LE(kind | ((record.length / 4) << 8), 0)
  return record
}

function wordsOf({ port, family, scope = 0 }: Where): number[] {
  return [port, family, scope, 0]
}

function padded(address: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes.set(address)
  return bytes
}

function sized(text: string): number[] {
  const bytes = [...Buffer.from(text)]
  return [...u16(bytes.length), ...bytes]
}

function u16(value: number): number[] {
  return [value & 255, value >> 8]
}
