/**
 * Reads the inbound ring: records in order, from the cursor up to what `take` granted. Whatever a
 * record needs is read, and the cursor is behind it, before anybody is told: a handler may look
 * again, which goes on at the cursor and may give the record's room back.
 */

import type { Address } from '../address.js'
import { decodeValidated } from '../codec/decode.js'
import type { Fault } from '../errors.js'
import { DETAILS, FAULT_CODES } from '../errors.js'
import { END_CODES, HEADER, INBOUND, TAPE_HEADER } from '../tape/layout.js'
import type { Latin1Source, TapeReader, TapeReaders } from '../tape/reader.js'
import { unpackAddress } from './address.js'
import type { Connections, Slot } from './connections.js'
import type { EndpointEvents, TransportCounters } from './transport.js'
import type { TimeBudget } from './turn.js'

/** What the reader needs of its environment. */
export interface RingOwner {
  readonly connections: Connections
  readonly counters: TransportCounters
  eventsOf(endpoint: number): EndpointEvents | undefined
  result(request: number, errno: number, address: Address): void
  /** Copies a held payload; false if the engine dropped it. */
  fetch(held: number, into: Uint8Array): boolean
  dropHeld(held: number): void
}

export class RingReader {
  readonly #owner: RingOwner
  readonly #readers: TapeReaders
  readonly #counters: TransportCounters
  readonly #connections: Connections
  readonly #bytes: Buffer
  readonly #latin1: Latin1Source
  readonly #ints: Int32Array
  readonly #doubles: Float64Array
  readonly #shapes: (TapeReader | undefined)[] = []
  readonly #mask: number
  /** The cursor in the ring, and how many bytes from there may be read. */
  #offset = 0
  #left = 0
  #granted = 0

  constructor(ring: SharedArrayBuffer, readers: TapeReaders, owner: RingOwner) {
    this.#owner = owner
    this.#readers = readers
    this.#counters = owner.counters
    this.#connections = owner.connections
    this.#bytes = Buffer.from(ring)
    this.#latin1 = this.#bytes as unknown as Latin1Source
    this.#ints = new Int32Array(ring)
    this.#doubles = new Float64Array(ring)
    this.#mask = ring.byteLength - 1
  }

  /** The position up to which everything was read. */
  get consumed(): number {
    return this.#granted - this.#left
  }

  /** Takes over what the engine committed up to `position`; false if there is nothing to read. */
  grant(position: number): boolean {
    this.#left += position - this.#granted
    this.#granted = position
    return this.#left > 0
  }

  /** Leaves what is unread to nobody. */
  abandon(): void {
    this.#left = 0
  }

  /** Reads on until nothing is left, or the budget's time is over. */
  read(budget: TimeBudget): void {
    while (this.#left > 0) {
      if (this.#next() && !budget.spend()) return
    }
  }

  /** Reads one record; true if it was a message that somebody got. */
  #next(): boolean {
    const at = this.#offset
    const word = at >> 2
    const ints = this.#ints
    const header = ints[word] as number
    const length = (header >>> 8) << 2
    if (length === 0 || length > this.#left) throw brokenRecord(header, at)
    this.#offset = (at + length) & this.#mask
    this.#left -= length
    const a = ints[word + 1] as number
    const b = ints[word + 2] as number
    const c = ints[word + 3] as number
    switch (header & 0xff) {
      case INBOUND.TAPE:
        return this.#tape(word, a, b, c)
      case INBOUND.BYTES:
        return this.#payload(at + HEADER, a, b, c)
      case INBOUND.HELD:
        return this.#held(a, b, c, ints[word + 4] as number)
      case INBOUND.SHAPE:
        this.#shapes[a] = this.#readers.of(this.#bytes.subarray(at + HEADER, at + HEADER + b))
        return false
      case INBOUND.OPENED:
        this.#opened(word, a, b, c)
        return false
      case INBOUND.FAULT:
        this.#fault(a, b, c, ints[word + 4] as number, ints[word + 5] as number)
        return false
      case INBOUND.DRAINED: {
        const slot = this.#connections.at(a, b)
        slot?.events.drained(slot.connection)
        return false
      }
      case INBOUND.CLOSED: {
        const slot = this.#connections.at(a, b)
        slot?.events.closed(slot.connection, codeAt(END_CODES, c))
        return false
      }
      case INBOUND.RESULT:
        this.#owner.result(a, c >>> 0, this.#address(word + 4))
        return false
      case INBOUND.FILLER:
        return false
      default:
        throw brokenRecord(header, at)
    }
  }

  #tape(word: number, index: number, generation: number, bytes: number): boolean {
    const slot = this.#connections.at(index, generation)
    if (slot === undefined || slot.deaf) return false
    const ints = this.#ints
    const shape = this.#shapes[ints[word + 4] as number]
    if (shape === undefined) throw new Error(`shape ${ints[word + 4]} before its description`)
    const fields = word + TAPE_HEADER / 4
    const firstInt = fields + 2 * (ints[word + 5] as number)
    const text = 4 * (firstInt + (ints[word + 6] as number))
    const message = shape.read(
      ints,
      firstInt,
      this.#doubles,
      fields >> 1,
      this.#latin1,
      text,
      ints[word + 7] as number,
    )
    this.#counters.tapeMessages++
    slot.events.message(slot.connection, shape.action, message, bytes)
    return true
  }

  #payload(at: number, index: number, generation: number, bytes: number): boolean {
    const slot = this.#connections.at(index, generation)
    if (slot === undefined || slot.deaf) return false
    this.#decoded(slot, this.#bytes, at, bytes)
    return true
  }

  #held(index: number, generation: number, bytes: number, held: number): boolean {
    const slot = this.#connections.at(index, generation)
    if (slot === undefined || slot.deaf) {
      this.#owner.dropHeld(held)
      return false
    }
    const payload = new Uint8Array(bytes)
    // Gone: the engine dropped it with its connection, whose end is on its way.
    if (!this.#owner.fetch(held, payload)) return false
    this.#decoded(slot, payload, 0, bytes)
    return true
  }

  #decoded(slot: Slot, source: Uint8Array, start: number, bytes: number): void {
    const message = decodeValidated(source, start, start + bytes)
    this.#counters.byteMessages++
    slot.events.message(slot.connection, message.action, message, bytes)
  }

  #opened(word: number, index: number, generation: number, endpoint: number): void {
    const events = this.#owner.eventsOf(endpoint)
    if (events === undefined) return
    const slot = this.#connections.open(index, generation, events)
    events.opened(slot.connection, this.#address(word + 4))
  }

  #fault(index: number, generation: number, code: number, detail: number, length: number): void {
    const slot = this.#connections.at(index, generation)
    if (slot === undefined || slot.deaf) return
    const fault: Fault = {
      code: codeAt(FAULT_CODES, code),
      ...(detail === 0 ? undefined : { detail: codeAt(DETAILS, detail) }),
      ...(length === 0 ? undefined : { length: length >>> 0 }),
    }
    slot.events.fault(slot.connection, fault)
  }

  /** Port, family, scope id, a free word and the address itself. */
  #address(word: number): Address {
    const [port = 0, family = 0, scope = 0] = this.#ints.subarray(word, word + 3)
    const at = 4 * (word + 4)
    return unpackAddress(family, this.#bytes.subarray(at, at + 16), port, scope >>> 0)
  }
}

function codeAt<T>(values: readonly T[], place: number): T {
  const value = values[place - 1]
  if (value === undefined) throw new Error(`the engine sent code ${place} of ${values.length}`)
  return value
}

function brokenRecord(header: number, at: number): Error {
  return new Error(`broken record 0x${(header >>> 0).toString(16)} at ${at} of the ring`)
}
