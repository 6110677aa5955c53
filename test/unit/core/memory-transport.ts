/**
 * A transport without a network, for unit tests of what stands above the seam: the test plays the
 * part of everything below it, and sees every call.
 */

import type { Address } from '../../../ts/address.js'
import { encode } from '../../../ts/framing.js'
import type { Message } from '../../../ts/message.js'
import type {
  Connection,
  Endpoint,
  EndpointEvents,
  Transport,
  TransportCounters,
} from '../../../ts/transport/transport.js'

export const HERE: Address = { host: '127.0.0.1', port: 5071, family: 'IPv4' }

export class MemoryTransport implements Transport {
  readonly kind = 'pure'
  collecting = false
  writing = false
  /** What a look of `pump()` or `read()` finds: it tells its events. */
  found: (() => void)[] = []
  /** Every call but `write`, `flush`, `look` and `flushedBytes`, as text, in order. */
  readonly calls: string[] = []
  /** Frames that were posted: the action, and to whom. */
  readonly posted: { action: string; to: readonly Connection[] }[] = []
  readonly flushed: Map<Connection, number> = new Map()
  readonly endpoints: MemoryEndpoint[] = []
  readonly counters: TransportCounters = {
    takes: 0,
    flushes: 0,
    wakeUps: 0,
    tapeMessages: 0,
    byteMessages: 0,
    frames: 0,
    records: 0,
    engineTurns: 0,
  }
  samples = 0
  #frame: string | undefined

  endpoint(events: EndpointEvents): MemoryEndpoint {
    const endpoint = new MemoryEndpoint(events, this.calls)
    this.endpoints.push(endpoint)
    return endpoint
  }

  /** Of the newest endpoint. */
  get events(): EndpointEvents {
    return this.newest.events
  }

  get newest(): MemoryEndpoint {
    const endpoint = this.endpoints.at(-1)
    if (endpoint === undefined) throw new Error('no endpoint was made')
    return endpoint
  }

  write(message: Message): number {
    const wasWriting = this.writing
    this.writing = true
    try {
      const { length } = encode(message)
      this.#frame = message.action
      return length
    } finally {
      this.writing = wasWriting
    }
  }

  post(connection: Connection): void {
    this.postAll([connection])
  }

  postAll(connections: readonly Connection[]): void {
    if (this.#frame === undefined) throw new Error('posted without a frame')
    this.posted.push({ action: this.#frame, to: [...connections] })
    this.calls.push(`post ${this.#frame} to ${connections.join(' ')}`)
    this.#frame = undefined
  }

  discard(): void {
    this.#frame = undefined
    this.calls.push('discard')
  }

  flushedBytes(connection: Connection): number {
    this.samples++
    return this.flushed.get(connection) ?? 0
  }

  askDrained(connection: Connection, below: number): void {
    this.calls.push(`askDrained ${connection} ${below}`)
  }

  pause(connection: Connection): void {
    this.calls.push(`pause ${connection}`)
  }

  resume(connection: Connection): void {
    this.calls.push(`resume ${connection}`)
  }

  quiet(connection: Connection, on: boolean): void {
    this.calls.push(`quiet ${connection} ${on}`)
  }

  close(connection: Connection, timeout: number): void {
    this.calls.push(`close ${connection} ${timeout}`)
  }

  release(connection: Connection): void {
    this.calls.push(`release ${connection}`)
  }

  look(): void {
    this.collecting = true
    for (const tell of this.found.splice(0)) tell()
    this.collecting = false
  }

  flush(): void {
    this.counters.flushes++
  }
}

/** Its promises settle when the test says so. */
export class MemoryEndpoint implements Endpoint {
  readonly events: EndpointEvents
  isRef = true
  readonly #calls: string[]
  readonly #listens: { resolve: (address: Address) => void; reject: (error: Error) => void }[] = []
  readonly #dials: { resolve: () => void; reject: (error: Error) => void }[] = []
  readonly #quiesces: (() => void)[] = []
  readonly #stops: (() => void)[] = []

  constructor(events: EndpointEvents, calls: string[]) {
    this.events = events
    this.#calls = calls
  }

  listen(host: string, port: number): Promise<Address> {
    this.#calls.push(`listen ${host} ${port}`)
    return new Promise((resolve, reject) => this.#listens.push({ resolve, reject }))
  }

  dial(host: string, port: number): Promise<void> {
    this.#calls.push(`dial ${host} ${port}`)
    return new Promise((resolve, reject) => this.#dials.push({ resolve, reject }))
  }

  quiesce(): Promise<void> {
    this.#calls.push('quiesce')
    return new Promise((resolve) => this.#quiesces.push(resolve))
  }

  stop(): Promise<void> {
    this.#calls.push('stop')
    return new Promise((resolve) => this.#stops.push(resolve))
  }

  setRef(on: boolean): void {
    this.isRef = on
  }

  /** The oldest of the pending calls succeeds. */
  listens(): void {
    this.#listens.shift()?.resolve(HERE)
  }
  refuses(code: string): void {
    const error = Object.assign(new Error(`no: ${code}`), { code })
    const pending = this.#listens.shift() ?? this.#dials.shift()
    pending?.reject(error)
  }
  dialled(): void {
    this.#dials.shift()?.resolve()
  }
  quiesced(): void {
    this.#quiesces.shift()?.()
  }
  stopped(): void {
    this.#stops.shift()?.()
  }
}

/** Lets promises that have settled be heard. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
