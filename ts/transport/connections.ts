/** The connections of an environment by their index, as the records name them. */
import { PAGE_CONNECTIONS } from '../tape/layout.js'
import { type Connection, type EndpointEvents, INDEX_BITS, indexOf } from './transport.js'

export interface Slot {
  readonly connection: Connection
  /** As an Int32Array reads it. */
  readonly generation: number
  readonly events: EndpointEvents
  /** After `close`: what still comes in is nobody's. */
  deaf: boolean
}

export class Connections {
  readonly #slots: (Slot | undefined)[] = []
  /** Flushed bytes, by page of PAGE_CONNECTIONS; the engine writes them. */
  readonly #pages: Int32Array[] = []
  readonly #lend: (page: number, words: Int32Array) => void

  constructor(lend: (page: number, words: Int32Array) => void) {
    this.#lend = lend
    this.#lendUpTo(0)
  }

  open(index: number, generation: number, events: EndpointEvents): Slot {
    // The next page is lent at half of this one, so the engine never waits for it.
    this.#lendUpTo(Math.floor((index + PAGE_CONNECTIONS / 2) / PAGE_CONNECTIONS))
    const connection = index + (generation >>> 0) * GENERATION
    const slot = { connection, generation, events, deaf: false }
    this.#slots[index] = slot
    return slot
  }

  /** The connection a record speaks of; undefined if it is released. */
  at(index: number, generation: number): Slot | undefined {
    const slot = this.#slots[index]
    return slot?.generation === generation ? slot : undefined
  }

  of(connection: Connection): Slot | undefined {
    const slot = this.#slots[indexOf(connection)]
    return slot?.connection === connection ? slot : undefined
  }

  release(connection: Connection): void {
    if (this.of(connection) !== undefined) this.#slots[indexOf(connection)] = undefined
  }

  flushedBytes(connection: Connection): number {
    const index = indexOf(connection)
    const page = this.#pages[index >>> PAGE_BITS]
    return page === undefined ? 0 : Atomics.load(page, index & (PAGE_CONNECTIONS - 1)) >>> 0
  }

  #lendUpTo(page: number): void {
    while (this.#pages.length <= page) {
      const memory = new SharedArrayBuffer(PAGE_CONNECTIONS * Int32Array.BYTES_PER_ELEMENT)
      const words = new Int32Array(memory)
      this.#lend(this.#pages.length, words)
      this.#pages.push(words)
    }
  }
}

const PAGE_BITS = Math.log2(PAGE_CONNECTIONS)

export function generationOf(connection: Connection): number {
  return Math.floor(connection / GENERATION)
}

/** What a generation counts for in a connection's number; as an expression it was a `pow` a call. */
const GENERATION = 2 ** INDEX_BITS
