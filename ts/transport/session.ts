/**
 * From the first endpoint to the last: the engine, what waits for its answers, and whose turn it is.
 *
 * Asleep, the engine wakes JS by one callback. Awake, a look that found work schedules the next one,
 * so steady traffic wakes nobody; a `take` that finds nothing puts JS to sleep. Whatever happens in
 * a look, it ends in one of the two: else nobody would ever look again.
 */

import type { Address } from '../address.js'
import type { EndpointOptions } from '../options.js'
import type { TapeReaders } from '../tape/reader.js'
import { Connections } from './connections.js'
import { EngineLink } from './engine-link.js'
import { LoopHandle } from './loop-handle.js'
import type { NativeCalls } from './native-calls.js'
import { type EndpointHost, NativeEndpoint, type Rest, type Result } from './native-endpoint.js'
import type { OutboundStream } from './outbound.js'
import { RingReader } from './ring-reader.js'
import type { EndpointEvents, TransportCounters } from './transport.js'
import { TimeBudget } from './turn.js'

export interface SessionSetting {
  readonly calls: NativeCalls
  readonly counters: TransportCounters
  readonly readers: TapeReaders
  readonly out: OutboundStream
  readonly codegen: boolean
  readonly now: (() => number) | undefined
  readonly ended: (session: Session) => void
}

export class Session implements EndpointHost {
  readonly options: EndpointOptions
  readonly link: EngineLink
  readonly connections: Connections
  readonly #counters: TransportCounters
  readonly #out: OutboundStream
  readonly #loop: LoopHandle
  readonly #reader: RingReader
  readonly #turnBudget: TimeBudget
  readonly #noBudget: TimeBudget = new TimeBudget()
  readonly #ended: (session: Session) => void
  readonly #endpoints: Map<number, NativeEndpoint> = new Map()
  readonly #requests: Map<number, (result: Result) => void> = new Map()
  #endpointIds = 0
  #requestIds = 0
  #budget = 0
  #looks = 0
  #collecting = false

  /** Its memory is as the options of the first endpoint say. */
  constructor(options: EndpointOptions, setting: SessionSetting) {
    const { calls, counters, readers, out, codegen, now, ended } = setting
    this.options = options
    this.#counters = counters
    this.#out = out
    this.#ended = ended
    this.#turnBudget = new TimeBudget(now)
    this.#noBudget.start(Number.POSITIVE_INFINITY)
    const link = new EngineLink(calls, { ...options, codegen }, this.#onWake)
    this.link = link
    this.connections = new Connections((page, words) => link.lendPage(page, words))
    this.#loop = new LoopHandle(this.#turn)
    this.#reader = new RingReader(link.ring, readers, {
      connections: this.connections,
      counters,
      eventsOf: (id) => this.#endpoints.get(id)?.events,
      result: (request, errno, address) => this.#settle(request, errno, address),
      fetch: (held, into) => link.fetch(held, into),
      dropHeld: (held) => link.dropHeld(held),
    })
    out.attach(link, options.chunkBytes)
  }

  /** A look of `pump()` or `read()` is under way. */
  get collecting(): boolean {
    return this.#collecting
  }

  endpoint(events: EndpointEvents, options: EndpointOptions): NativeEndpoint {
    const endpoint = new NativeEndpoint(this.#endpointIds++, events, options, this)
    this.#endpoints.set(endpoint.id, endpoint)
    this.#setBudget()
    return endpoint
  }

  /** Collects everything; neither sleeps nor schedules. */
  look(): void {
    if (!this.#take(false)) return
    const before = this.#collecting
    this.#collecting = true
    try {
      this.#read(this.#noBudget)
    } finally {
      this.#collecting = before
      this.#endIfUnused()
    }
  }

  request(kind: number, endpoint: number, rest: Rest, done: (result: Result) => void): void {
    const request = this.#requestIds++
    this.#requests.set(request, done)
    this.#out.record(kind, [endpoint, request, ...rest.words], rest.address)
  }

  record(kind: number, words: readonly number[]): void {
    this.#out.record(kind, words)
  }

  hold(): void {
    this.#loop.hold()
  }

  letGo(): void {
    this.#loop.letGo()
  }

  gone(endpoint: NativeEndpoint): void {
    this.#endpoints.delete(endpoint.id)
    this.#setBudget()
  }

  readonly #onWake = (): void => {
    this.#counters.wakeUps++
    this.#turn()
  }

  readonly #turn = (): void => {
    if (!this.#take(true)) return
    this.#turnBudget.start(this.#budget)
    try {
      this.#read(this.#turnBudget)
    } finally {
      this.#out.flush()
      if (!this.#endIfUnused()) this.#loop.schedule()
    }
  }

  #take(maySleep: boolean): boolean {
    const found = this.#reader.grant(this.link.take(this.#reader.consumed, maySleep))
    if (found) this.#counters.takes++
    return found
  }

  #read(budget: TimeBudget): void {
    this.#looks++
    try {
      this.#reader.read(budget)
    } finally {
      this.#looks--
    }
  }

  #settle(request: number, errno: number, address: Address): void {
    const done = this.#requests.get(request)
    this.#requests.delete(request)
    done?.({ errno, address })
  }

  /** The engine goes with the last endpoint, but never under a look that still reads. */
  #endIfUnused(): boolean {
    if (this.#endpoints.size > 0) return false
    if (this.#looks > 0) return true
    this.#reader.abandon()
    this.#out.detach()
    this.#loop.close()
    this.link.close()
    this.#ended(this)
    return true
  }

  #setBudget(): void {
    const budgets = [...this.#endpoints.values()].map((each) => each.options.dispatchTimeBudget)
    this.#budget = Math.min(...budgets)
  }
}
