/**
 * The memory in which the pure transport writes its frames: one chunk, filled by all connections,
 * begun again as soon as every byte of it has left. Who needs bytes of a chunk pins it.
 */
import type { Memory, MemorySource, OutboundLimits } from '../codec/frame-writer.js'
import { FrameWriter } from '../codec/frame-writer.js'
import type { Message } from '../message.js'

/** Small, because one unfinished write keeps a whole chunk: at most this much per slow reader. */
const CHUNK_BYTES = 65_536
/** Growing ends here: more than the longest legal frame. */
const MAX_CHUNK = 2 ** 24 + 1_024
/** For a frame that is written while another one is; it grows like any other. */
const NESTED_BYTES = 1_024

export class Chunk implements Memory {
  readonly bytes: Buffer
  readonly view: DataView
  /** Memory of one outbox, that may go on filling it. */
  readonly isBlock: boolean
  #pins = 0

  constructor(size: number, isBlock = false) {
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.view = new DataView(this.bytes.buffer)
    this.isBlock = isBlock
  }

  get isPinned(): boolean {
    return this.#pins > 0
  }

  pin(): void {
    this.#pins++
  }

  unpin(): void {
    this.#pins--
  }
}

export class Frames {
  /** By depth of nesting: a getter of a message may send another one. */
  readonly #writers: FrameWriter[] = []
  #depth = 0
  #current: Chunk = new Chunk(CHUNK_BYTES)
  #next = 0
  #chunk: Chunk = this.#current
  #start = 0
  #length = 0

  get writing(): boolean {
    return this.#depth > 0
  }

  /** The frame at hand: the one written last. */
  get chunk(): Chunk {
    return this.#chunk
  }

  get start(): number {
    return this.#start
  }

  get length(): number {
    return this.#length
  }

  write(message: Message, limits: OutboundLimits): number {
    const nested = this.#depth > 0
    this.#writers[this.#depth] ??= new FrameWriter(growing)
    const writer = this.#writers[this.#depth] as FrameWriter
    this.#depth++
    try {
      // A nested frame has memory of its own, so the interrupted one stays where it is and is
      // simply posted later: nobody but the outboxes knows an order.
      if (nested) this.#length = writer.write(message, new Chunk(NESTED_BYTES), 0, limits)
      else this.#length = writer.write(message, this.#room(), this.#next, limits)
    } finally {
      this.#depth--
    }
    this.#chunk = writer.memory as Chunk
    this.#start = writer.start
    if (!nested) {
      this.#current = this.#chunk
      this.#next = this.#start
    }
    return this.#length
  }

  /** The frame at hand was posted: what is written next comes behind it. */
  keep(): void {
    if (this.#chunk === this.#current) this.#next = this.#start + this.#length
  }

  #room(): Chunk {
    if (!this.#current.isPinned) this.#next = 0
    // The chunk of a big frame is that frame's alone.
    if (this.#current.bytes.length > CHUNK_BYTES) {
      this.#current = new Chunk(CHUNK_BYTES)
      this.#next = 0
    }
    return this.#current
  }
}

const growing: MemorySource = {
  grow(memory, start, at, needed) {
    const length = at - start
    const chunk = new Chunk(Math.max(CHUNK_BYTES, needed, Math.min(2 * length, MAX_CHUNK)))
    memory.bytes.copy(chunk.bytes, 0, start, at)
    return { memory: chunk, start: 0 }
  },
}
