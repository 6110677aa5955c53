/** An engine without a thread: a test plays its part, record by record. */
import { CHUNK_HEADER, OUTBOUND } from '../../ts/tape/layout.js'
import { type Engine, type NativeCalls, SETTINGS } from '../../ts/transport/native-calls.js'
import { fillerRecord } from './records.js'

/** One record that JS sent: its words behind the first, and all its bytes. */
export interface Sent {
  readonly kind: number
  readonly words: readonly number[]
  readonly bytes: Buffer
}

export class FakeEngine implements NativeCalls {
  /** The calls that JS made, in order, those of `take` left out. */
  readonly calls: string[] = []
  readonly sent: Sent[] = []
  readonly pages: Int32Array[] = []
  readonly held: Map<number, Uint8Array> = new Map()
  readonly chunks: Map<number, Uint8Array> = new Map()
  /** Answers of `take`: whether something was found, and whether JS might sleep. */
  readonly takes: { found: boolean; maySleep: boolean }[] = []
  settings: Record<string, number> = {}
  ring: Uint8Array = new Uint8Array()
  page: Int32Array = new Int32Array()
  awake = false
  isOpen = false
  committed = 0
  consumed = 0
  /** False: hand-overs are not done before `finish`. */
  finishes = true
  #wake = (): void => undefined

  abiVersion(): number {
    return 1
  }

  open(ring: Uint8Array, page: Int32Array, settings: Float64Array, wake: () => void): Engine {
    this.calls.push('open')
    this.ring = ring
    this.page = page
    this.settings = Object.fromEntries(SETTINGS.map((name, i) => [name, settings[i] as number]))
    this.committed = this.consumed = 0
    this.awake = false
    this.isOpen = true
    this.#wake = wake
    return {} as Engine
  }

  lendPage(_engine: Engine, page: number, words: Int32Array): void {
    this.calls.push(`lendPage ${page}`)
    this.pages[page] = words
  }

  lendChunk(_engine: Engine, chunk: number, memory: Uint8Array): void {
    this.calls.push(`lendChunk ${chunk}`)
    this.chunks.set(chunk, memory)
  }

  returnChunk(_engine: Engine, chunk: number): void {
    this.calls.push(`returnChunk ${chunk}`)
    this.chunks.delete(chunk)
  }

  take(_engine: Engine, consumed: number, maySleep: boolean): number {
    if (consumed < this.consumed || consumed > this.committed) throw new Error('a wrong position')
    this.consumed = consumed
    const found = this.committed > consumed
    this.takes.push({ found, maySleep })
    if (!found && maySleep) this.awake = false
    return this.committed
  }

  flush(_engine: Engine, chunk: number, from: number, to: number): void {
    this.calls.push(`flush ${chunk}`)
    const memory = this.chunks.get(chunk)
    if (memory === undefined || from < CHUNK_HEADER) throw new Error('a wrong range')
    const bytes = Buffer.from(memory.slice(from, to))
    for (let at = 0; at < bytes.length; ) {
      const header = bytes.readUInt32LE(at)
      const length = (header >>> 8) * 4
      if (length === 0 || length % 8 !== 0) throw new Error(`a record of ${length} bytes`)
      this.sent.push(sentOf(header & 255, bytes.subarray(at, at + length)))
      at += length
    }
    if (this.finishes) this.finish(chunk)
  }

  /** One more range of the chunk is done. */
  finish(chunk: number): void {
    const memory = this.chunks.get(chunk) as Uint8Array
    Atomics.add(new Int32Array(memory.buffer, memory.byteOffset, 1), 0, 1)
  }

  fetch(_engine: Engine, held: number, into: Uint8Array): boolean {
    const payload = this.held.get(held)
    if (payload === undefined) return false
    into.set(payload)
    this.held.delete(held)
    return true
  }

  dropHeld(_engine: Engine, held: number): void {
    this.calls.push(`dropHeld ${held}`)
    this.held.delete(held)
  }

  close(_engine: Engine, timeout: number): void {
    this.calls.push(`close ${timeout}`)
    this.isOpen = false
  }

  /** Commits records, without waking anybody. */
  write(...records: Uint8Array[]): void {
    for (const record of records) {
      const at = this.committed % this.ring.length
      const room = this.ring.length - at
      if (record.length > room) this.#put(fillerRecord(room))
      this.#put(record)
    }
  }

  /** Commits records and wakes JS if it sleeps. */
  commit(...records: Uint8Array[]): void {
    this.write(...records)
    if (this.awake) return
    this.awake = true
    this.#wake()
  }

  /** The newest request of a record of that kind. */
  request(kind: number): number {
    const word = this.sent.findLast((record) => record.kind === kind)?.words[1]
    if (word === undefined) throw new Error(`no record of kind ${kind}`)
    return word
  }

  #put(record: Uint8Array): void {
    if (this.committed + record.length - this.consumed > this.ring.length) {
      throw new Error('the ring is full')
    }
    this.ring.set(record, this.committed % this.ring.length)
    this.committed += record.length
  }
}

/** The frames of a FRAME or FRAMES record, and who gets them. */
export function framesOf(sent: Sent): { frame: string; to: number[][] } {
  const [a = 0, b = 0, length = 0] = sent.words
  const frame = sent.bytes.subarray(16, 16 + length).toString('hex')
  if (sent.kind === OUTBOUND.FRAME) return { frame, to: [[a, b]] }
  if (sent.kind !== OUTBOUND.FRAMES) throw new Error(`kind ${sent.kind} has no frame`)
  const list = (16 + length + 7) & ~7
  const to = Array.from({ length: a }, (_, i) => [
    sent.bytes.readUInt32LE(list + 8 * i),
    sent.bytes.readUInt32LE(list + 8 * i + 4),
  ])
  return { frame, to }
}

function sentOf(kind: number, bytes: Buffer): Sent {
  const words = Array.from({ length: bytes.length / 4 - 1 }, (_, i) =>
    bytes.readUInt32LE(4 * i + 4),
  )
  return { kind, words, bytes }
}
