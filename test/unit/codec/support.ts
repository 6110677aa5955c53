import { decodeValidated } from '../../../ts/codec/decode.js'
import { FrameSplitter } from '../../../ts/codec/frame-splitter.js'
import {
  FrameWriter,
  type Memory,
  type MemorySource,
  type OutboundLimits,
} from '../../../ts/codec/frame-writer.js'
import { type InboundLimits, validate } from '../../../ts/codec/validate.js'
import type { Message } from '../../../ts/message.js'
import { type ParsedServerOptions, parseServerOptions } from '../../../ts/options.js'

export const serverLimits: ParsedServerOptions = parseServerOptions()

/** `81 a6 61`, or `"action"` for a text's bytes, in any mixture. */
export function bytes(...parts: readonly string[]): Uint8Array<ArrayBuffer> {
  const hex = parts
    .join(' ')
    .replace(/"([^"]*)"/g, (_, text: string) => Buffer.from(text).toString('hex'))
    .replace(/\s+/g, '')
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new Error(`no bytes: ${hex}`)
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

/** A value as the field `v` of a message. */
export function field(...value: readonly string[]): Uint8Array<ArrayBuffer> {
  return bytes('82 a6 "action" a1 "x" a1 "v"', ...value)
}

export function repeated(part: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(part.length * times)
  for (let index = 0; index < times; index++) all.set(part, index * part.length)
  return all
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts))
}

/** `ok`, or `CODE detail`. */
export function verdictOf(payload: Uint8Array, limits: InboundLimits = serverLimits): string {
  const fault = validate(payload, 0, payload.length, limits)
  if (fault === undefined) return 'ok'
  return fault.detail === undefined ? fault.code : `${fault.code} ${fault.detail}`
}

/** What the field `v` is. The payload stands in mid-memory, between other bytes. */
export function decoded(payload: Uint8Array): unknown {
  const around = concat(bytes('c1 c1 c1'), payload, bytes('c1 c1'))
  const end = 3 + payload.length
  const fault = validate(around, 3, end, serverLimits)
  if (fault !== undefined) throw new Error(`${fault.code} ${fault.detail}`)
  return decodeValidated(around, 3, end)['v']
}

export function memoryOf(size: number, shared = false): Memory {
  const buffer = shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size)
  return { bytes: Buffer.from(buffer), view: new DataView(buffer) }
}

/**
 * Gives just what is asked for (what is large, twice that) at a start of its own, and counts how
 * often it was asked.
 */
export class Grower implements MemorySource {
  asked = 0
  grow(
    memory: Memory,
    start: number,
    at: number,
    needed: number,
  ): { memory: Memory; start: number } {
    this.asked++
    const grown = memoryOf(needed < 4096 ? needed + 3 : 2 * needed, this.asked % 2 === 0)
    memory.bytes.copy(grown.bytes, 3, start, at)
    return { memory: grown, start: 3 }
  }
}

/** The frame of a message, written from nothing. */
export function frameOf(message: unknown, limits: Partial<OutboundLimits> = {}): Uint8Array {
  const writer = new FrameWriter(new Grower())
  const all = { ...serverLimits, ...limits }
  const length = writer.write(message as Message, memoryOf(0), 0, all)
  return new Uint8Array(writer.memory.bytes.subarray(writer.start, writer.start + length))
}

/** The bytes of a value in a message. */
export function written(value: unknown): string {
  const frame = frameOf({ action: 'x', v: value })
  return Buffer.from(frame.subarray(4 + field().length)).toString('hex')
}

/** What a splitter makes of chunks: each payload in hex, and its fault. */
export function split(chunks: Iterable<Uint8Array>, maxFrameLength = 65_536): string[] {
  const splitter = new FrameSplitter(maxFrameLength)
  const out: string[] = []
  for (const chunk of chunks) {
    splitter.push(chunk)
    while (splitter.next()) {
      const { bytes, start, end } = splitter
      out.push(Buffer.from(bytes.subarray(start, end)).toString('hex'))
    }
  }
  if (splitter.fault !== undefined) out.push(splitter.fault.code)
  return out
}

export function framed(...payloads: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...payloads.map((payload) => {
      const frame = new Uint8Array(4 + payload.length)
      new DataView(frame.buffer).setUint32(0, payload.length)
      frame.set(payload, 4)
      return frame
    }),
  )
}

/** What the writer throws for a field `v`, as `class code message`. */
export function refusal(value: unknown, limits: Partial<typeof serverLimits> = {}): string {
  return refused({ action: 'x', v: value }, limits)
}

export function refused(message: unknown, limits: Partial<typeof serverLimits> = {}): string {
  try {
    frameOf(message, limits)
  } catch (error) {
    const { name, code, message } = error as TypeError & { code?: string }
    return `${name} ${code} ${message}`
  }
  return 'nothing was thrown'
}

export const invalid = (where: string, why: string): string =>
  `TypeError REPOD_ERR_INVALID_VALUE ${where} cannot be sent: ${why}`
export const outOfRange = (where: string, why: string): string =>
  `RangeError REPOD_ERR_INVALID_VALUE ${where} cannot be sent: ${why}`

/** xorshift32. */
export function random(from: number): () => number {
  let state = from | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
