/** Memory that the JS thread writes and lends to the engine: see `OutboundStream`. */
import type { Memory } from '../codec/frame-writer.js'
import { CHUNK_HEADER, HEADER } from '../tape/layout.js'

/** What a chunk needs of the engine. */
export interface ChunkLink {
  lend(chunk: number, memory: Uint8Array): void
  takeBack(chunk: number): void
  handOver(chunk: number, from: number, to: number): void
}

export class Chunk implements Memory {
  readonly bytes: Buffer
  readonly view: DataView
  /** Word 0 is the engine's: how many ranges of the chunk it is done with. */
  readonly words: Int32Array
  readonly size: number
  /** -1 until lent. */
  id = -1
  /** Ranges handed over, modulo 2^32 as the engine counts. */
  handed = 0

  constructor(size: number) {
    this.size = (size + 7) & ~7
    const memory = takeSpare(this.size) ?? new SharedArrayBuffer(this.size)
    this.bytes = Buffer.from(memory)
    this.view = new DataView(memory)
    this.words = new Int32Array(memory)
  }

  /** Leaves its memory to a later one: of an engine that is about to end, which reads it no more. */
  leave(): void {
    spare = this.words.buffer as SharedArrayBuffer
  }

  /** Whether JS may write it from the start again. */
  get done(): boolean {
    return Atomics.load(this.words, 0) === this.handed
  }
}

/**
 * The chunks of an environment: those the engine still reads, and some that wait for their next
 * use. They need no bound: every byte in them is in the account of a connection.
 */
export class ChunkPool {
  readonly size: number
  readonly #link: ChunkLink
  #busy: Chunk[] = []
  readonly #idle: Chunk[] = []
  readonly #freeIds: number[] = []
  #ids = 0

  constructor(link: ChunkLink, size: number) {
    this.#link = link
    this.size = (size + 7) & ~7
  }

  next(): Chunk {
    this.sweep()
    return this.#idle.pop() ?? new Chunk(this.size)
  }

  /** Takes a chunk that is written no more. */
  retire(chunk: Chunk): void {
    this.#busy.push(chunk)
  }

  handOver(chunk: Chunk, from: number, to: number): void {
    if (chunk.id === -1) {
      chunk.id = this.#freeIds.pop() ?? this.#ids++
      this.#link.lend(chunk.id, chunk.bytes)
    }
    chunk.handed = (chunk.handed + 1) | 0
    this.#link.handOver(chunk.id, from, to)
  }

  /** Takes back what the engine is done with: a burst does not keep its memory. */
  sweep(): void {
    if (this.#busy.length === 0) return
    this.#busy = this.#busy.filter((chunk) => {
      if (!chunk.done) return true
      if (chunk.size === this.size && this.#idle.length < KEPT_CHUNKS) this.#idle.push(chunk)
      else if (chunk.id !== -1) this.#takeBack(chunk)
      return false
    })
  }

  #takeBack(chunk: Chunk): void {
    this.#link.takeBack(chunk.id)
    this.#freeIds.push(chunk.id)
  }
}

/** Of the engine before: a program that starts and stops over and over needs no new one each time. */
let spare: SharedArrayBuffer | undefined

function takeSpare(bytes: number): SharedArrayBuffer | undefined {
  if (spare?.byteLength !== bytes) return undefined
  const memory = spare
  spare = undefined
  new Int32Array(memory)[0] = 0
  return memory
}

/** Where a frame stands in a chunk of its own: a record's header in front of it. */
export const OWN_START: number = CHUNK_HEADER + HEADER

/** Idle chunks kept: a turn that writes 4 MB makes no garbage of shared memory, which is collected late. */
const KEPT_CHUNKS = 16
