/**
 * The transport over the engine's thread: one per JS environment, shared by all its endpoints. It
 * crosses by two calls, `take` once per look and `flush` once per turn that wrote; everything else
 * is records in shared memory.
 */
import { codegenAllowed } from '../codec/codegen.js'
import { rangeError } from '../errors.js'
import type { Message } from '../message.js'
import { type EndpointOptions, NUMBER_OPTIONS } from '../options.js'
import { OUTBOUND } from '../tape/layout.js'
import { TapeReaders } from '../tape/reader.js'
import { loadAddon } from './addon.js'
import { generationOf, type Slot } from './connections.js'
import { EngineLink } from './engine-link.js'
import type { NativeCalls } from './native-calls.js'
import { OutboundStream } from './outbound.js'
import { Session } from './session.js'
import {
  type Connection,
  type Endpoint,
  type EndpointEvents,
  indexOf,
  type Transport,
  type TransportCounters,
} from './transport.js'

/** The transport of this environment. Throws, as `loadAddon` does, where there can be none. */
export function nativeTransport(): Transport {
  if (environment === undefined) {
    const calls = loadAddon()
    probe(calls)
    environment = new NativeTransport(calls)
  }
  return environment
}

let environment: NativeTransport | undefined

/** Whether this runtime lends shared memory and lets a thread call back: some do not. */
function probe(calls: NativeCalls): void {
  const memory = { ringBytes: NUMBER_OPTIONS.ringBytes.min, heldBytes: 1, codegen: false }
  new EngineLink(calls, memory, () => undefined).close()
}

export class NativeTransport implements Transport {
  readonly kind = 'native'
  readonly counters: TransportCounters
  readonly #calls: NativeCalls
  readonly #now: (() => number) | undefined
  readonly #out: OutboundStream
  readonly #readers: TapeReaders = new TapeReaders()
  readonly #canCompile: boolean = codegenAllowed()
  #session: Session | undefined
  #turnsBefore = 0
  #flushPending = false

  /** `now` in milliseconds, for the time that a turn may take. */
  constructor(calls: NativeCalls, now?: () => number) {
    this.#calls = calls
    this.#now = now
    this.counters = countersOf(() => this.#turnsBefore + (this.#session?.link.turns ?? 0))
    this.#out = new OutboundStream(this.counters, this.#onAppend)
  }

  get collecting(): boolean {
    return this.#session?.collecting ?? false
  }

  get writing(): boolean {
    return this.#out.writing
  }

  endpoint(events: EndpointEvents, options: EndpointOptions): Endpoint {
    const session = this.#session
    if (session === undefined) this.#session = this.#start(options)
    else checkMemory(session.options, options)
    return (this.#session as Session).endpoint(events, options)
  }

  write(message: Message, options: EndpointOptions): number {
    return this.#out.write(message, options)
  }

  post(connection: Connection): void {
    if (this.#session === undefined) this.#out.discard()
    else this.#out.post(connection)
  }

  postAll(connections: readonly Connection[]): void {
    if (this.#session === undefined) this.#out.discard()
    else this.#out.postAll(connections)
  }

  discard(): void {
    this.#out.discard()
  }

  flushedBytes(connection: Connection): number {
    return this.#session?.connections.flushedBytes(connection) ?? 0
  }

  askDrained(connection: Connection, below: number): void {
    this.#command(OUTBOUND.ASK_DRAINED, connection, below)
  }

  pause(connection: Connection): void {
    this.#command(OUTBOUND.PAUSE, connection, 0)
  }

  resume(connection: Connection): void {
    this.#command(OUTBOUND.RESUME, connection, 0)
  }

  quiet(connection: Connection, on: boolean): void {
    this.#command(OUTBOUND.QUIET, connection, on ? 1 : 0)
  }

  close(connection: Connection, timeout: number): void {
    const slot = this.#command(OUTBOUND.CLOSE, connection, timeout)
    if (slot !== undefined) slot.deaf = true
  }

  release(connection: Connection): void {
    this.#command(OUTBOUND.RELEASE, connection, 0)
    this.#session?.connections.release(connection)
  }

  look(): void {
    if (!this.writing) this.#session?.look()
  }

  flush(): void {
    this.#out.flush()
  }

  #start(options: EndpointOptions): Session {
    return new Session(options, {
      calls: this.#calls,
      counters: this.counters,
      readers: this.#readers,
      out: this.#out,
      codegen: options.codegen && this.#canCompile,
      now: this.#now,
      ended: this.#onEnd,
    })
  }

  readonly #onEnd = (session: Session): void => {
    this.#turnsBefore += session.link.turns
    this.#session = undefined
  }

  /** Nothing if the connection is unknown: released, or of an engine that is gone. */
  #command(kind: number, connection: Connection, value: number): Slot | undefined {
    const slot = this.#session?.connections.of(connection)
    if (slot === undefined) return undefined
    this.#out.command(kind, indexOf(connection), generationOf(connection), value)
    return slot
  }

  readonly #onAppend = (): void => {
    if (this.#flushPending) return
    this.#flushPending = true
    queueMicrotask(this.#onTurnEnd)
  }

  readonly #onTurnEnd = (): void => {
    this.#flushPending = false
    this.#out.flush()
  }
}

function countersOf(engineTurns: () => number): TransportCounters {
  return {
    takes: 0,
    flushes: 0,
    wakeUps: 0,
    tapeMessages: 0,
    byteMessages: 0,
    frames: 0,
    records: 0,
    get engineTurns() {
      return engineTurns()
    },
  }
}

/** The memory of the environment is the first endpoint's, while any endpoint lives. */
function checkMemory(first: EndpointOptions, later: EndpointOptions): void {
  for (const name of ['ringBytes', 'chunkBytes', 'heldBytes', 'codegen'] as const) {
    if (later[name] === first[name]) continue
    throw rangeError(
      'INVALID_OPTION',
      `${name} is of the whole environment: it is ${first[name]} already, got ${later[name]}`,
    )
  }
}
