/** The pure transport: the seam over node:net, for where no binary of the engine loads. */
import type { Socket } from 'node:net'
import type { Message } from '../message.js'
import type { EndpointOptions } from '../options.js'
import { ConnectionTable } from './connection-table.js'
import { Frames } from './frames.js'
import { type ConnectionOwner, PureConnection } from './pure-connection.js'
import { type EndpointOwner, PureEndpoint } from './pure-endpoint.js'
import { ReadyQueue, type TurnHooks } from './ready-queue.js'
import type {
  Connection,
  Endpoint,
  EndpointEvents,
  Transport,
  TransportCounters,
} from './transport.js'
import { TimeBudget } from './turn.js'

/** A transport of its own; `now` is its clock, in milliseconds. */
export function pureTransport(now?: () => number): Transport {
  return new PureTransport(now)
}

class PureTransport implements Transport, EndpointOwner, TurnHooks {
  readonly kind = 'pure'
  /** Sockets are Node's own: they are heard between turns, and a look has nothing to collect. */
  readonly collecting = false
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
  readonly ready: ReadyQueue
  readonly #connections: ConnectionTable<PureConnection> = new ConnectionTable()
  readonly #endpoints: Set<PureEndpoint> = new Set()
  /** The smallest `dispatchTimeBudget` of the living endpoints. */
  #budget = Infinity
  readonly #frames: Frames = new Frames()
  /** Connections that were posted to since the last flush. */
  #dirty: PureConnection[] = []
  #flushScheduled = false

  constructor(now?: () => number) {
    this.ready = new ReadyQueue(new TimeBudget(now), this)
  }

  get writing(): boolean {
    return this.#frames.writing
  }

  endpoint(events: EndpointEvents, options: EndpointOptions): Endpoint {
    return new PureEndpoint(this, events, options)
  }

  write(message: Message, options: EndpointOptions): number {
    return this.#frames.write(message, options)
  }

  post(connection: Connection): void {
    this.#post(connection)
    this.#posted()
  }

  postAll(connections: readonly Connection[]): void {
    for (const connection of connections) this.#post(connection)
    this.#posted()
  }

  /** The next frame is written over it. */
  discard(): void {}

  flushedBytes(connection: Connection): number {
    return (this.#connections.get(connection)?.flushed ?? 0) >>> 0
  }

  askDrained(connection: Connection, below: number): void {
    this.#connections.get(connection)?.askDrained(below)
  }

  pause(connection: Connection): void {
    this.#connections.get(connection)?.pause()
  }

  resume(connection: Connection): void {
    this.#connections.get(connection)?.resume()
  }

  /** Node wakes for every socket; nothing here could be spared. */
  quiet(): void {}

  close(connection: Connection, timeout: number): void {
    this.#connections.get(connection)?.close(timeout)
  }

  release(connection: Connection): void {
    this.#connections.get(connection)?.release()
  }

  look(): void {}

  flush(): void {
    if (this.#dirty.length === 0) return
    this.counters.flushes++
    const dirty = this.#dirty
    this.#dirty = []
    for (const connection of dirty) connection.flush()
  }

  accept(socket: Socket, owner: ConnectionOwner): PureConnection {
    return this.#connections.add((id) => new PureConnection(id, socket, owner))
  }

  free(connection: PureConnection): void {
    this.#connections.remove(connection.id)
  }

  living(endpoint: PureEndpoint, on: boolean): void {
    if (on) this.#endpoints.add(endpoint)
    else this.#endpoints.delete(endpoint)
    this.#budget = Infinity
    for (const { options } of this.#endpoints) {
      this.#budget = Math.min(this.#budget, options.dispatchTimeBudget)
    }
  }

  budget(): number {
    return this.#budget
  }

  began(): void {
    this.counters.wakeUps++
  }

  ended(): void {
    this.flush()
  }

  #post(connection: Connection): void {
    const target = this.#connections.get(connection)
    if (target?.post(this.#frames) === true) this.#dirty.push(target)
  }

  #posted(): void {
    this.#frames.keep()
    this.counters.frames++
    this.counters.records++
    // A turn flushes at its end; what is written outside of one goes with the microtasks.
    if (this.#flushScheduled || this.ready.isOpen || this.#dirty.length === 0) return
    this.#flushScheduled = true
    queueMicrotask(() => {
      this.#flushScheduled = false
      this.flush()
    })
  }
}
