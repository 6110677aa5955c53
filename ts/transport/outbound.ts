/**
 * The outbound stream of an environment: records and frames, in the order of the calls, written
 * into chunks and handed over once per turn.
 *
 * A frame is written where its record will stand, and is no part of the stream before `post`. What
 * is appended in the meantime (a getter of the message may call anything) moves the unfinished
 * frame out of the chunk, so the frame lands behind it.
 */
import { FrameWriter, type Memory, type MemorySource } from '../codec/frame-writer.js'
import type { Message } from '../message.js'
import { type EndpointOptions, NUMBER_OPTIONS } from '../options.js'
import { CHUNK_HEADER, HEADER, OUTBOUND } from '../tape/layout.js'
import { Chunk, type ChunkLink, ChunkPool, OWN_START } from './chunks.js'
import { generationOf } from './connections.js'
import { type Connection, indexOf, type TransportCounters } from './transport.js'

export class OutboundStream implements MemorySource {
  readonly #counters: TransportCounters
  readonly #onAppend: () => void
  #pool: ChunkPool
  #chunk: Chunk
  /** The chunk's records up to `#from` are handed over, those up to `#at` wait for the flush. */
  #from: number = CHUNK_HEADER
  #at: number = CHUNK_HEADER
  /** A writer for each walk that interrupts another; `#depth` of them are active. */
  readonly #writers: FrameWriter[] = []
  #depth = 0
  /** Where the frame between `write` and `post…` or `discard` is; no memory: there is none. */
  #handMemory: Memory | undefined
  #handStart = 0
  #handLength = 0

  /** `onAppend` is called for everything that enters the stream: somebody must flush it. */
  constructor(counters: TransportCounters, onAppend: () => void) {
    this.#counters = counters
    this.#onAppend = onAppend
    this.#pool = idlePool()
    this.#chunk = this.#pool.next()
  }

  /** From here on the stream leads to that engine. */
  attach(link: ChunkLink, chunkBytes: number): void {
    this.#restart(new ChunkPool(link, chunkBytes))
  }

  /** What was not handed over is dropped; a frame may still be written, to be discarded. */
  detach(): void {
    const last = this.#chunk
    this.#restart(idlePool())
    last.leave()
  }

  get writing(): boolean {
    return this.#depth > 0
  }

  write(message: Message, options: EndpointOptions): number {
    this.#makeWay()
    this.#makeRoom(HEADER)
    let writer = this.#writers[this.#depth]
    if (writer === undefined) {
      writer = new FrameWriter(this)
      this.#writers.push(writer)
    }
    this.#depth++
    try {
      const length = writer.write(message, this.#chunk, this.#at + HEADER, options)
      this.#hold(writer.memory, writer.start, length)
      return length
    } finally {
      this.#depth--
    }
  }

  post(connection: Connection): void {
    const length = this.#handLength
    const bytes = pad(HEADER + length)
    this.#place(bytes)
    this.#words(OUTBOUND.FRAME, bytes, indexOf(connection), generationOf(connection), length)
    this.#posted(bytes)
  }

  postAll(connections: readonly Connection[]): void {
    const [first] = connections
    if (first === undefined) {
      this.discard()
      return
    }
    if (connections.length === 1) {
      this.post(first)
      return
    }
    const length = this.#handLength
    const list = pad(HEADER + length)
    const bytes = list + 8 * connections.length
    this.#place(bytes)
    const { words } = this.#chunk
    let word = (this.#at + list) >> 2
    for (let place = 0; place < connections.length; place++) {
      const connection = connections[place] as Connection
      words[word] = indexOf(connection)
      words[word + 1] = generationOf(connection)
      word += 2
    }
    this.#words(OUTBOUND.FRAMES, bytes, connections.length, 0, length)
    this.#posted(bytes)
  }

  discard(): void {
    this.#handMemory = undefined
  }

  /** A record of four words. */
  command(kind: number, a: number, b: number, c: number): void {
    this.#makeWay()
    this.#makeRoom(HEADER)
    this.#words(kind, HEADER, a, b, c)
    this.#append(HEADER)
  }

  /** A record of the words behind its first, and 16 bytes of an address where it has one. */
  record(kind: number, rest: readonly number[], address?: Uint8Array): void {
    const head = 4 * (1 + rest.length)
    const bytes = head + (address?.length ?? 0)
    this.#makeWay()
    this.#makeRoom(bytes)
    const { words } = this.#chunk
    const word = this.#at >> 2
    words[word] = kind | ((bytes >> 2) << 8)
    words.set(rest, word + 1)
    if (address !== undefined) this.#chunk.bytes.set(address, this.#at + head)
    this.#append(bytes)
  }

  flush(): void {
    // What interrupts a walk may call this: the walk's end is the earliest time.
    if (this.#depth > 0) return
    this.#handOver()
    this.#pool.sweep()
  }

  /** A frame outgrew its memory: the bytes so far go on to where it has room. */
  grow(
    memory: Memory,
    start: number,
    at: number,
    needed: number,
  ): { memory: Memory; start: number } {
    const whole = OWN_START + needed
    const target =
      memory === this.#chunk && start > OWN_START && whole <= this.#pool.size
        ? this.#turnOver(this.#pool.next())
        : new Chunk(Math.max(whole, 2 * memory.bytes.length))
    memory.bytes.copy(target.bytes, OWN_START, start, at)
    return { memory: target, start: OWN_START }
  }

  /** Lets nothing unfinished stand where the next record goes. */
  #makeWay(): void {
    const writer = this.#depth === 0 ? undefined : this.#writers[this.#depth - 1]
    if (writer?.active && writer.memory === this.#chunk) {
      writer.moveTo(new Chunk(this.#chunk.size), OWN_START)
    }
    const hand = this.#handMemory
    if (hand === this.#chunk) {
      const start = this.#handStart
      const length = this.#handLength
      const memory = new Chunk(OWN_START + length)
      hand.bytes.copy(memory.bytes, OWN_START, start, start + length)
      this.#hold(memory, OWN_START, length)
    }
  }

  #makeRoom(bytes: number): void {
    const { size } = this.#pool
    const chunk = this.#chunk
    const idle = this.#from === this.#at
    if (idle && chunk.size === size && chunk.done) this.#from = this.#at = CHUNK_HEADER
    // A chunk of a frame's own size goes back as soon as it was handed over.
    const spent = idle && chunk.size !== size
    if (!spent && this.#at + bytes <= chunk.size) return
    const whole = CHUNK_HEADER + bytes
    this.#turnOver(whole <= size ? this.#pool.next() : new Chunk(whole))
  }

  /** Has the frame at hand stand at `#at`, `bytes` of room for its record. */
  #place(bytes: number): void {
    const memory = this.#handMemory
    if (memory === undefined) throw new Error('post without a frame at hand')
    const start = this.#handStart
    const length = this.#handLength
    const chunk = this.#chunk
    if (memory === chunk && start === this.#at + HEADER && this.#at + bytes <= chunk.size) return
    const whole = CHUNK_HEADER + bytes
    if (memory instanceof Chunk && whole > this.#pool.size && isOwn(memory, chunk, start, whole)) {
      this.#turnOver(memory)
      return
    }
    this.#makeRoom(bytes)
    memory.bytes.copy(this.#chunk.bytes, this.#at + HEADER, start, start + length)
  }

  #restart(pool: ChunkPool): void {
    this.#makeWay()
    this.#pool = pool
    this.#chunk = pool.next()
    this.#from = this.#at = CHUNK_HEADER
  }

  #turnOver(to: Chunk): Chunk {
    this.#handOver()
    this.#pool.retire(this.#chunk)
    this.#chunk = to
    this.#from = this.#at = CHUNK_HEADER
    return to
  }

  #handOver(): void {
    if (this.#from === this.#at) return
    this.#counters.flushes++
    this.#pool.handOver(this.#chunk, this.#from, this.#at)
    this.#from = this.#at
  }

  #words(kind: number, bytes: number, a: number, b: number, c: number): void {
    const { words } = this.#chunk
    const word = this.#at >> 2
    words[word] = kind | ((bytes >> 2) << 8)
    words[word + 1] = a
    words[word + 2] = b
    words[word + 3] = c
  }

  #posted(bytes: number): void {
    this.#handMemory = undefined
    this.#counters.frames++
    this.#counters.records++
    this.#append(bytes)
  }

  #append(bytes: number): void {
    this.#at += bytes
    this.#onAppend()
  }

  #hold(memory: Memory, start: number, length: number): void {
    this.#handMemory = memory
    this.#handStart = start
    this.#handLength = length
  }
}

/** Whether a frame that outgrew its chunk stands alone in memory that can be lent as it is. */
function isOwn(memory: Chunk, current: Chunk, start: number, whole: number): boolean {
  return memory !== current && memory.id === -1 && start === OWN_START && whole <= memory.size
}

/** The memory of a stream that leads nowhere: frames are written there and discarded. */
function idlePool(): ChunkPool {
  const nowhere = (): void => {
    throw new Error('a frame was posted and no endpoint lives')
  }
  const link = { lend: nowhere, takeBack: nowhere, handOver: nowhere }
  return new ChunkPool(link, NUMBER_OPTIONS.chunkBytes.min)
}

function pad(bytes: number): number {
  return (bytes + 7) & ~7
}
