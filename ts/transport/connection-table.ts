/** Connections of one transport by number: dense indices, each with the generation of its tenant. */
import { type Connection, INDEX_BITS, indexOf } from './transport.js'

interface Slot<T> {
  connection: Connection
  tenant: T | undefined
}

export class ConnectionTable<T> {
  readonly #slots: Slot<T>[] = []
  readonly #free: number[] = []

  /** `make` gets a number that no connection had before. */
  add(make: (connection: Connection) => T): T {
    const index = this.#free.pop() ?? this.#slots.length
    if (index >= 2 ** INDEX_BITS) throw new Error(`more than ${2 ** INDEX_BITS} connections`)
    const slot = this.#slots[index]
    // A double: adding a generation is exact for 2^33 of them.
    const connection = slot === undefined ? index : slot.connection + 2 ** INDEX_BITS
    const tenant = make(connection)
    this.#slots[index] = { connection, tenant }
    return tenant
  }

  /** Undefined for a number whose connection is gone, also when its index has a new tenant. */
  get(connection: Connection): T | undefined {
    const slot = this.#slots[indexOf(connection)]
    return slot?.connection === connection ? slot.tenant : undefined
  }

  remove(connection: Connection): void {
    const index = indexOf(connection)
    const slot = this.#slots[index]
    if (slot?.connection !== connection || slot.tenant === undefined) return
    slot.tenant = undefined
    this.#free.push(index)
  }
}
