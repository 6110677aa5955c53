import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Chunk } from '../../../ts/transport/frames.js'
import { Outbox } from '../../../ts/transport/outbox.js'

/** A socket that takes `capacity` bytes at once and the rest when it is told to. */
class FakeSocket {
  capacity: number
  readonly taken: Buffer[] = []
  takenBytes = 0
  writes = 0
  ended = false
  errored: Error | null = null
  #waiting: { bytes: Buffer; done: (() => void) | undefined }[] = []
  #corked = false

  constructor(capacity: number) {
    this.capacity = capacity
  }
  get writable(): boolean {
    return !this.ended && this.errored === null
  }
  get writableLength(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }
  write(bytes: Buffer, done?: () => void): void {
    this.#waiting.push({ bytes, done })
    if (this.#corked) return
    this.writes++
    this.#take()
  }
  cork(): void {
    this.#corked = true
  }
  uncork(): void {
    this.#corked = false
    this.writes++
    this.#take()
  }
  end(): void {
    this.ended = true
  }
  /** The peer reads: the kernel takes what it can of what waits. */
  drain(bytes: number): void {
    this.capacity += bytes
    this.#take()
  }
  get bytes(): Buffer {
    return Buffer.concat(this.taken)
  }
  #take(): void {
    // One write is under way at a time, and it is done as a whole.
    const total = this.writableLength
    if (total === 0 || total > this.capacity) return
    this.capacity -= total
    const done = this.#waiting
    this.#waiting = []
    // The kernel copies: what a chunk is used for later changes nothing.
    for (const { bytes } of done) this.taken.push(Buffer.from(bytes))
    this.takenBytes += total
    for (const each of done) each.done?.()
  }
}

interface Setup {
  readonly socket: FakeSocket
  readonly outbox: Outbox
  readonly moves: number[]
}

function setup(capacity: number): Setup {
  const socket = new FakeSocket(capacity)
  const moves: number[] = []
  const outbox = new Outbox(socket as unknown as Socket, () => moves.push(outbox.waiting))
  return { socket, outbox, moves }
}

/** A chunk that is filled with the bytes 0, 1, 2 … */
function filled(size: number): Chunk {
  const chunk = new Chunk(size)
  for (let at = 0; at < size; at++) chunk.bytes[at] = at % 251
  return chunk
}

describe('Outbox', () => {
  test('adjacent frames leave in one write without a copy', () => {
    const { socket, outbox } = setup(1_000)
    const chunk = filled(1_000)
    expect(outbox.add(chunk, 0, 10)).toBe(true)
    expect(outbox.add(chunk, 10, 20)).toBe(false)
    expect(outbox.waiting).toBe(30)
    outbox.flush()
    expect(socket.writes).toBe(1)
    expect(socket.bytes).toEqual(chunk.bytes.subarray(0, 30))
    expect([outbox.flushed, outbox.waiting, chunk.isPinned]).toEqual([30, 0, false])
  })

  test('frames that are apart leave in one write too, small ones gathered, large ones as they are', () => {
    for (const size of [100, 30_000]) {
      const { socket, outbox } = setup(1_000_000)
      const chunk = filled(3 * size)
      outbox.add(chunk, 0, size)
      outbox.add(chunk, 2 * size, size)
      outbox.flush()
      expect(socket.writes).toBe(1)
      const both = Buffer.concat([chunk.bytes.subarray(0, size), chunk.bytes.subarray(2 * size)])
      expect(socket.bytes.equals(both)).toBe(true)
      expect(chunk.isPinned).toBe(false)
    }
  })

  test('behind an unfinished write small frames are copied: no shared chunk is pinned', () => {
    const { socket, outbox } = setup(0)
    const first = filled(65_536)
    outbox.add(first, 0, 50)
    outbox.flush()
    expect(first.isPinned).toBe(true)
    const later = filled(65_536)
    for (let n = 0; n < 100; n++) {
      outbox.add(later, 100 * n, 100)
      outbox.flush()
      expect(later.isPinned).toBe(false)
    }
    // Whatever becomes of the chunk, the copies are what was sent.
    const expected = Buffer.concat([first.bytes.subarray(0, 50), later.bytes.subarray(0, 10_000)])
    const copy = Buffer.from(expected)
    later.bytes.fill(0)
    expect([outbox.flushed, outbox.waiting]).toEqual([0, 10_050])
    socket.drain(50)
    expect(outbox.flushed).toBe(50)
    socket.drain(10_000)
    expect(socket.bytes.equals(copy)).toBe(true)
    expect(first.isPinned).toBe(false)
    expect([outbox.flushed, outbox.waiting]).toEqual([10_050, 0])
  })

  test('a frame of a quarter of its chunk or more is shared, however many have it', () => {
    const chunk = filled(16_384)
    const setups = [setup(0), setup(0), setup(0)]
    for (const { outbox } of setups) {
      outbox.add(filled(10), 0, 10)
      outbox.flush()
      outbox.add(chunk, 0, 8_192)
      outbox.flush()
    }
    expect(chunk.isPinned).toBe(true)
    for (const { socket } of setups) {
      socket.drain(10)
      socket.drain(8_192)
      expect(socket.bytes.subarray(10).equals(chunk.bytes.subarray(0, 8_192))).toBe(true)
    }
    expect(chunk.isPinned).toBe(false)
  })

  test('a big backlog is written in pieces, each of which is seen to move', () => {
    const { socket, outbox, moves } = setup(0)
    const chunk = filled(1_000_000)
    outbox.add(chunk, 0, 1_000_000)
    outbox.flush()
    while (outbox.waiting > 0) socket.drain(65_536)
    expect(moves[0]).toBe(1_000_000 - 65_536)
    expect(moves.at(-1)).toBe(0)
    expect(moves.length).toBe(Math.ceil(1_000_000 / 65_536))
    expect(socket.bytes.equals(chunk.bytes)).toBe(true)
    expect(chunk.isPinned).toBe(false)
  })

  test('what an unfinished write leaves of one flush is copied, and every chunk let go of once', () => {
    const { socket, outbox } = setup(0)
    const chunks = [filled(300_000), filled(300_000), filled(300_000)]
    for (const chunk of chunks) {
      // Its writer's pin: letting go twice would undo it.
      chunk.pin()
      outbox.add(chunk, 0, 50_000)
    }
    outbox.flush()
    const expected = Buffer.concat(chunks.map((chunk) => chunk.bytes.subarray(0, 50_000)))
    while (outbox.waiting > 0) socket.drain(65_536)
    expect(socket.bytes.equals(expected)).toBe(true)
    for (const chunk of chunks) {
      expect(chunk.isPinned).toBe(true)
      chunk.unpin()
      expect(chunk.isPinned).toBe(false)
    }
  })

  test('end() comes behind everything that was added', () => {
    const { socket, outbox } = setup(0)
    outbox.add(filled(100), 0, 100)
    outbox.end()
    expect(socket.ended).toBe(false)
    socket.drain(100)
    expect(socket.ended).toBe(true)
  })

  test('drop() lets go of every chunk, and what was not taken stays untaken', () => {
    const { outbox } = setup(0)
    const chunks = [filled(100), filled(100), filled(100)]
    for (const chunk of chunks) {
      outbox.add(chunk, 0, 90)
      outbox.flush()
    }
    outbox.drop()
    expect(chunks.map((chunk) => chunk.isPinned)).toEqual([false, false, false])
    expect([outbox.flushed, outbox.waiting]).toEqual([0, 270])
  })

  test('a write that fails counts nothing as taken', () => {
    const { socket, outbox } = setup(0)
    outbox.add(filled(100), 0, 100)
    socket.errored = new Error('EPIPE')
    outbox.flush()
    expect(outbox.flushed).toBe(0)
  })

  test('random frames at random times: always the same bytes in the same order', () => {
    let seed = 7
    const next = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    for (let round = 0; round < 50; round++) {
      const { socket, outbox } = setup(next(5_000))
      const expected: Buffer[] = []
      const chunks: Chunk[] = []
      // Pinned by the test too: an outbox that let go of a chunk twice would undo that.
      const fresh = (): Chunk => {
        const chunk = filled(8_192)
        chunk.pin()
        chunks.push(chunk)
        return chunk
      }
      let chunk = fresh()
      let at = 0
      for (let step = 0; step < 400; step++) {
        const length = 1 + next(next(4) === 0 ? 4_000 : 60)
        if (at + length > chunk.bytes.length) {
          chunk = fresh()
          at = 0
        }
        if (next(3) === 0) at = Math.min(at + next(20), chunk.bytes.length - length)
        outbox.add(chunk, at, length)
        expected.push(Buffer.from(chunk.bytes.subarray(at, at + length)))
        at += length
        if (next(4) === 0) outbox.flush()
        if (next(6) === 0) socket.drain(next(6_000))
        expect(outbox.flushed).toBe(socket.takenBytes)
      }
      outbox.end()
      while (!socket.ended) socket.drain(100_000)
      expect(socket.bytes.equals(Buffer.concat(expected))).toBe(true)
      for (const each of chunks) {
        expect(each.isPinned).toBe(true)
        each.unpin()
        expect(each.isPinned).toBe(false)
      }
    }
  })
})
