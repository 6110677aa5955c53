/** Frames without a connection: for tools, tests, and whoever has a socket of their own. */
import { Buffer } from 'node:buffer'
import { decodeValidated } from './codec/decode.js'
import { FrameSplitter } from './codec/frame-splitter.js'
import { FrameWriter, type Memory, type MemorySource } from './codec/frame-writer.js'
import { validate } from './codec/validate.js'
import { type Fault, RepodError, typeError } from './errors.js'
import type { Message, ReceivedMessage } from './message.js'
import { parseClientOptions } from './options.js'

/** The limits of a client that was given no options, in both directions. */
const limits = parseClientOptions()

/**
 * The whole frame of a message, length prefix included: what `send()` puts on the wire.
 *
 * Throws a TypeError or RangeError for a message that cannot be sent (`REPOD_ERR_INVALID_VALUE`), or
 * that is longer than a client's default `maxOutboundFrameLength` (`REPOD_ERR_FRAME_TOO_LARGE`).
 */
export function encode(message: Message): Uint8Array {
  // A getter of the message may call encode() itself: that call gets an encoder of its own.
  const encoder = idleEncoder ?? new Encoder()
  idleEncoder = undefined
  try {
    return encoder.encode(message)
  } finally {
    idleEncoder = encoder
  }
}

/**
 * The message of a payload: a frame without its length prefix.
 *
 * Throws a RepodError with the code and detail that would close a connection. The limits are the
 * defaults of a client.
 */
export function decode(payload: Uint8Array): ReceivedMessage {
  if (!(payload instanceof Uint8Array)) {
    throw typeError('INVALID_VALUE', 'decode() takes the payload as a Uint8Array')
  }
  const { length } = payload
  const fault = lengthFault(length) ?? validate(payload, 0, length, limits)
  if (fault !== undefined) throw errorOf(fault)
  return decodeValidated(payload, 0, length)
}

/**
 * The first message of a stream of frames, and how many bytes it took; undefined while it is not
 * whole. Throws as `decode()` does, a length that is refused as soon as its four bytes are there.
 */
export function readMessage(
  bytes: Uint8Array,
): { message: ReceivedMessage; consumed: number } | undefined {
  if (!(bytes instanceof Uint8Array)) {
    throw typeError('INVALID_VALUE', 'readMessage() takes the bytes as a Uint8Array')
  }
  const splitter = new FrameSplitter(limits.maxFrameLength)
  splitter.push(bytes)
  if (splitter.next()) {
    const { start, end } = splitter
    return { message: decode(bytes.subarray(start, end)), consumed: end }
  }
  if (splitter.fault !== undefined) throw errorOf(splitter.fault)
  return undefined
}

/** Kept from one frame to the next; what a longer one needed is given back. */
const SCRATCH_BYTES = 16_384

class Encoder implements MemorySource {
  readonly #writer = new FrameWriter(this)
  readonly #scratch = memoryOf(SCRATCH_BYTES)

  encode(message: Message): Uint8Array {
    const writer = this.#writer
    try {
      const length = writer.write(message, this.#scratch, 0, limits)
      // A plain Uint8Array of its own memory: a Buffer's slice would be a view.
      const frame = new Uint8Array(length)
      frame.set(writer.memory.bytes.subarray(0, length))
      return frame
    } finally {
      writer.release()
    }
  }

  grow(memory: Memory, start: number, at: number, needed: number) {
    const grown = memoryOf(Math.max(needed, 2 * memory.bytes.length))
    memory.bytes.copy(grown.bytes, 0, start, at)
    return { memory: grown, start: 0 }
  }
}

let idleEncoder: Encoder | undefined

function memoryOf(size: number): Memory {
  const bytes = Buffer.allocUnsafeSlow(size)
  return { bytes, view: new DataView(bytes.buffer) }
}

function lengthFault(length: number): Fault | undefined {
  if (length === 0) return { code: 'FRAME_EMPTY' }
  return length > limits.maxFrameLength ? { code: 'FRAME_TOO_LARGE', length } : undefined
}

function errorOf(fault: Fault): RepodError {
  const { code, detail, length } = fault
  const what = detail ?? (length === undefined ? undefined : `${length} bytes`)
  const message = `this is no message: ${code}${what === undefined ? '' : ` (${what})`}`
  return new RepodError(`REPOD_ERR_${code}`, message, { detail })
}
