/**
 * What one connection of the pure transport has to send. Frames stand in chunks that the writer
 * fills for everybody; an outbox holds slices of them until the socket has taken their bytes. Only
 * one write is under way at a time, so `flushed` is exact to a write, and what has to wait behind an
 * unfinished one is copied out of the shared chunks: a slow reader pins none.
 */
import type { Socket } from 'node:net'
import { Chunk } from './frames.js'

/** A write takes at most this much, so that a slow reader's big backlog is seen to move. */
const WRITE_BYTES = 65_536
/** Pieces that together are at most this long are copied into one: cheaper than a vectored write. */
const GATHER_BYTES = 16_384
/** The memory of a backlog grows with it, between these bounds. */
const MIN_BLOCK = 1_024
const MAX_BLOCK = 65_536

interface Slice {
  chunk: Chunk
  start: number
  end: number
}

export class Outbox {
  readonly #socket: Socket
  readonly #moved: () => void
  readonly #written: (error?: Error | null) => void
  #queue: Slice[] = []
  #head = 0
  /** Slices before this one need not be copied any more. */
  #kept = 0
  /** Chunks of the write under way. */
  #busy: Chunk[] | undefined
  #posted = 0
  #flushed = 0
  #handed = 0
  #ending = false

  /** `moved` is called when bytes left later than in the call that wrote them. */
  constructor(socket: Socket, moved: () => void) {
    this.#socket = socket
    this.#moved = moved
    this.#written = (error) => this.#onWritten(error)
  }

  /** Bytes that the kernel has taken, since the beginning. */
  get flushed(): number {
    return this.#flushed
  }

  /** Bytes that it has not. */
  get waiting(): number {
    return this.#posted - this.#flushed
  }

  /** Puts a frame behind what is there. True if it is the first one since the last flush. */
  add(chunk: Chunk, start: number, length: number): boolean {
    this.#posted += length
    const first = this.#queue.length === this.#kept
    const last = this.#queue[this.#queue.length - 1]
    if (!first && last !== undefined && last.chunk === chunk && last.end === start) {
      last.end += length
      return false
    }
    chunk.pin()
    this.#queue.push({ chunk, start, end: start + length })
    return first
  }

  /** Gives the socket what it takes, and moves the rest into memory of its own. */
  flush(): void {
    this.#writeOn()
    this.#keep()
  }

  /** FIN behind everything that was added. */
  end(): void {
    this.#ending = true
    this.flush()
  }

  /** The socket is gone: nothing of this leaves any more. */
  drop(): void {
    for (let at = this.#head; at < this.#queue.length; at++) this.#queue[at]?.chunk.unpin()
    for (const chunk of this.#busy ?? []) chunk.unpin()
    this.#queue = []
    this.#head = 0
    this.#kept = 0
    this.#busy = undefined
  }

  #writeOn(): void {
    while (this.#busy === undefined && this.#head < this.#queue.length && this.#socket.writable) {
      this.#write()
    }
    if (this.#head < this.#queue.length) return
    this.#queue.length = 0
    this.#head = 0
    this.#kept = 0
    if (this.#ending && this.#busy === undefined && this.#socket.writable) this.#socket.end()
  }

  /** One write of at most `WRITE_BYTES`. The kernel may take it at once, or some time later. */
  #write(): void {
    const pieces: Buffer[] = []
    const chunks: Chunk[] = []
    let room = WRITE_BYTES
    while (room > 0) {
      const slice = this.#queue[this.#head]
      if (slice === undefined) break
      const end = Math.min(slice.end, slice.start + room)
      pieces.push(slice.chunk.bytes.subarray(slice.start, end))
      room -= end - slice.start
      slice.start = end
      if (end < slice.end) {
        slice.chunk.pin()
        chunks.push(slice.chunk)
        break
      }
      chunks.push(slice.chunk)
      this.#head++
    }
    this.#handed += WRITE_BYTES - room
    this.#busy = chunks
    this.#send(pieces, WRITE_BYTES - room)
    this.#doneIfTaken()
  }

  #send(pieces: readonly Buffer[], bytes: number): void {
    const [only] = pieces
    if (only === undefined) return
    if (pieces.length === 1) {
      this.#socket.write(only, this.#written)
      return
    }
    if (bytes <= GATHER_BYTES) {
      const gathered = Buffer.concat(pieces, bytes)
      this.#release()
      this.#socket.write(gathered, this.#written)
      return
    }
    this.#socket.cork()
    for (const [at, piece] of pieces.entries()) {
      if (at === pieces.length - 1) this.#socket.write(piece, this.#written)
      else this.#socket.write(piece)
    }
    this.#socket.uncork()
  }

  /** Node tries a write at once: nothing left in the stream means that the kernel has it all. */
  #doneIfTaken(): void {
    if (this.#socket.writableLength > 0 || this.#socket.errored !== null) return
    this.#release()
    this.#busy = undefined
    this.#flushed = this.#handed
  }

  /** The chunks of the write under way are not needed for it any more. */
  #release(): void {
    for (const chunk of this.#busy ?? []) chunk.unpin()
    this.#busy = []
  }

  /** Also called, later, for a write that was done at once; then there is nothing to do. */
  #onWritten(error?: Error | null): void {
    // After an error the socket is destroyed, and its `close` event drops all this.
    if (error || this.#busy === undefined) return
    this.#doneIfTaken()
    if (this.#busy !== undefined) return
    this.#writeOn()
    this.#moved()
  }

  /**
   * Copies what waits into blocks of this outbox. A slice of a quarter of its chunk or more stays
   * where it is: it pins little beside itself, and a big broadcast is there once for all receivers.
   */
  #keep(): void {
    const fresh = this.#queue.splice(Math.max(this.#kept, this.#head))
    this.#queue.splice(0, this.#head)
    this.#head = 0
    for (const slice of fresh) {
      const length = slice.end - slice.start
      if (length * 4 >= slice.chunk.bytes.length) {
        this.#queue.push(slice)
        continue
      }
      this.#copy(slice.chunk.bytes, slice.start, slice.end)
      slice.chunk.unpin()
    }
    this.#kept = this.#queue.length
  }

  #copy(bytes: Buffer, start: number, end: number): void {
    let from = start
    const last = this.#queue[this.#queue.length - 1]
    if (last?.chunk.isBlock === true) {
      const taken = bytes.copy(last.chunk.bytes, last.end, from, end)
      last.end += taken
      from += taken
    }
    if (from === end) return
    const size = Math.max(end - from, Math.min(MAX_BLOCK, Math.max(MIN_BLOCK, this.waiting)))
    const block = new Chunk(size, true)
    block.pin()
    bytes.copy(block.bytes, 0, from, end)
    this.#queue.push({ chunk: block, start: 0, end: end - from })
  }
}
