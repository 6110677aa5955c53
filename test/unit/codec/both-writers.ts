/** A compiled writer beside the generic walk, for tests that hold them equal. */
import { expect } from 'vitest'
import { FrameWriter, type OutboundLimits } from '../../../ts/codec/frame-writer.js'
import type { Message } from '../../../ts/message.js'
import { Grower, memoryOf, serverLimits } from './support.js'

export const generic: OutboundLimits = { ...serverLimits, codegen: false }
export const compiled: OutboundLimits = { ...serverLimits, codegen: true }

/** Sightings after which a writer is there; an empty array is waited for. */
export const LEARNT = 64

export interface Outcome {
  readonly frame?: string
  readonly error?: string
}

/** The frame in hex, or the error. Small memory moves the frame all the time. */
export function outcome(
  writer: FrameWriter,
  message: unknown,
  limits: OutboundLimits,
  size = 4096,
): Outcome {
  try {
    const length = writer.write(message as Message, memoryOf(size), 3, limits)
    const { memory, start } = writer
    return { frame: memory.bytes.toString('hex', start, start + length) }
  } catch (error) {
    const { name, message: text, code } = error as Error & { code?: string }
    return { error: `${name} ${code} ${text}` }
  } finally {
    writer.release()
  }
}

export function learnt(...messages: readonly Message[]): FrameWriter {
  const writer = new FrameWriter(new Grower())
  for (const message of messages) {
    for (let times = 0; times < LEARNT; times++) outcome(writer, message, compiled)
  }
  return writer
}

/** Both ways, in memory of any size. */
export function expectEqual(writer: FrameWriter, make: () => unknown, limits = {}): void {
  for (const size of [4096, 30]) {
    const expected = outcome(new FrameWriter(new Grower()), make(), { ...generic, ...limits }, size)
    expect(outcome(writer, make(), { ...compiled, ...limits }, size)).toEqual(expected)
  }
}
