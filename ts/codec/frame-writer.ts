import type { Message } from '../message.js'
import { CompiledWriters } from './compiled-writers.js'
import { type Memory, PREFIX } from './frame-bytes.js'
import { type KeyPlace, NOWHERE } from './key-tree.js'
import { isPlainObject, MessageWalk, NO_MESSAGE, type OutboundLimits } from './message-walk.js'
import { moreRoom, writeInt32, writeScalar, writeText, writeWide } from './scalar-bytes.js'

export type { Memory, MemorySource } from './frame-bytes.js'
export type { OutboundLimits } from './message-walk.js'

/**
 * Messages straight to frames, strictly: one walk checks and writes, and a message that cannot be
 * sent throws with the path of what is wrong with it. Every transport writes with this.
 *
 * Getters and Proxies run in the walk and may do anything: each property is read once, a map's keys
 * come in the order that they had, and `moveTo` may be called from inside. Not re-entrant: what
 * they send is written by another FrameWriter.
 */
export class FrameWriter extends MessageWalk {
  readonly #writers: CompiledWriters = new CompiledWriters(this.keys, PARTS)
  #active = false

  /** Inside a walk. */
  get active(): boolean {
    return this.#active
  }

  /** Orders of keys that a writer is compiled for. */
  get compiledShapes(): number {
    return this.#writers.size
  }

  /**
   * Writes length prefix and payload from `start` on and returns the length of both. Throws a
   * TypeError or RangeError (`REPOD_ERR_INVALID_VALUE`, `REPOD_ERR_FRAME_TOO_LARGE`), or what a
   * getter threw; what was written until then does not count.
   */
  write(message: Message, memory: Memory, start: number, limits: OutboundLimits): number {
    if (this.#active) throw new Error('a FrameWriter writes one frame at a time')
    this.limit(limits)
    this.hasAction = false
    this.settle(memory, start, 0)
    this.#active = true
    try {
      this.room(PREFIX)
      this.at += PREFIX
      if (!limits.codegen) this.root(message)
      else if (!this.#known(message)) this.#learn(message, this.root(message))
      const length = this.at - this.begin
      if (length - PREFIX > this.maxLength) throw this.tooLarge()
      this.view.setUint32(this.begin, length - PREFIX)
      return length
    } finally {
      this.#active = false
      this.forget()
    }
  }

  /** Writes what a compiled writer is there for. */
  #known(message: object): boolean {
    if (this.#writers.size === 0 || !isPlainObject(message)) return false
    const writer = this.keys.end(message)?.writer
    if (writer === undefined || writer.depth > this.maxDepth) return false
    if (writer.keyBytes > this.maxKeyLength || writer.actionBytes > this.maxAction) return false
    this.hits = 0
    this.misses = 0
    this.hasAction = true
    writer.write(this, message)
    if (!this.hasAction) throw this.invalid(NO_MESSAGE)
    writer.hits += this.hits
    writer.misses += this.misses
    this.#writers.judge(writer)
    return true
  }

  #learn(message: object, place: KeyPlace): void {
    if (place !== NOWHERE && place.writer === undefined) this.#writers.learn(place, message)
  }
}

const PARTS = {
  int32: writeInt32,
  wide: writeWide,
  text: writeText,
  scalar: writeScalar,
  more: moreRoom,
  own: Object.prototype.hasOwnProperty,
  isPlain: isPlainObject,
}
