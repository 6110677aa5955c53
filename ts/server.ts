import type { Address } from './address.js'
import { type AnyChannel, Channel, type ChannelClass, linkOf, type OutgoingOf } from './channel.js'
import { ChannelLink } from './channel-link.js'
import { systemClock } from './clock.js'
import { type CloseReason, RepodError, typeError } from './errors.js'
import { accountsOf } from './hub.js'
import { Inbox } from './inbox.js'
import { Listening, type StopReport } from './listening.js'
import {
  type AbortOptions,
  type ParsedServerOptions,
  parseServerOptions,
  type ServerOptions,
} from './options.js'
import { NOBODY, Roster } from './roster.js'
import { newCounts, type ServerStats, statsOf } from './stats.js'
import { selectTransport } from './transport/select.js'
import type { Transport, TransportKind } from './transport/transport.js'

/** Whether it listens; `stopping` until the last socket is gone. */
type State =
  | { readonly is: 'idle' }
  | { readonly is: 'starting'; readonly started: Promise<Address> }
  | { readonly is: 'running'; readonly listening: Listening; readonly address: Address }
  | { readonly is: 'stopping'; readonly stopped: Promise<StopReport> }

/**
 * Listens, makes a Channel for each connection, and sends to many. Options are checked here: a wrong
 * one throws a TypeError or RangeError that names it, its value and its range.
 */
export class Server<C extends AnyChannel = Channel> implements AsyncDisposable {
  /**
   * The class of this server's channels, read by `start()`. A plain property: an accessor would
   * refuse `override channelClass = ChatChannel`.
   */
  channelClass: ChannelClass<C> = Channel as unknown as ChannelClass<C>

  readonly #options: ParsedServerOptions
  readonly #transport: Transport
  readonly #transportReason: string
  readonly #inbox: Inbox
  readonly #roster: Roster
  readonly #counts = newCounts()
  #state: State = { is: 'idle' }
  #isRef = true
  #whenStopped: (() => void)[] = []

  constructor(options: ServerOptions = {}) {
    this.#options = parseServerOptions(options)
    const { transport, reason } = selectTransport(this.#options.transport)
    this.#transport = transport
    this.#transportReason = reason
    const accounts = accountsOf(transport)
    this.#inbox = new Inbox(
      this.#options.dispatch,
      transport,
      () => accounts.endTurn(),
      this.#options,
      systemClock,
    )
    const { onError, networkReceived } = Channel.prototype
    const defaults = { class: Channel, onError, networkReceived }
    this.#roster = new Roster(this, transport, this.#options, this.#counts, defaults)
  }

  /** Those between `onConnect` and `onDisconnect`; may change while it is iterated. */
  get channels(): ReadonlySet<C> {
    return this.#roster.channels as ReadonlySet<AnyChannel> as ReadonlySet<C>
  }

  /** Where it listens; undefined before `start()` has settled and after `stop()` was called. */
  get address(): Address | undefined {
    return this.#state.is === 'running' ? this.#state.address : undefined
  }

  get transport(): TransportKind {
    return this.#transport.kind
  }

  /** Why it is this transport. */
  get transportReason(): string {
    return this.#transportReason
  }

  /**
   * Listens. Rejects with a RepodError: `LISTEN_FAILED` (`cause.code` says why: `EADDRINUSE`),
   * `INVALID_STATE` where it was started already, `ABORTED`; with a TypeError where `channelClass`
   * does not extend Channel.
   */
  async start(options: AbortOptions = {}): Promise<Address> {
    if (this.#state.is !== 'idle') {
      throw new RepodError('REPOD_ERR_INVALID_STATE', `the server is ${this.#state.is} already`)
    }
    checkChannelClass(this.channelClass)
    const listening = this.#newListening()
    const started = listening.start(options.signal)
    this.#state = { is: 'starting', started }
    try {
      const address = await started
      listening.setRef(this.#isRef)
      this.#state = { is: 'running', listening, address }
      return address
    } catch (error) {
      this.#state = { is: 'idle' }
      throw error
    }
  }

  /** As `start()`; does not keep the process alive. */
  async startBackground(options: AbortOptions = {}): Promise<Address> {
    const address = await this.start(options)
    this.unref()
    return address
  }

  /** Starts, unless it is started already, and settles once it has stopped. An abort stops it. */
  async run(options: AbortOptions = {}): Promise<void> {
    const { signal } = options
    const stopped = new Promise<void>((resolve) => this.#whenStopped.push(resolve))
    if (this.#state.is === 'idle') await this.start(options)
    else if (this.#state.is === 'starting') await this.#state.started
    const stop = (): void => void this.stop()
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop, { once: true })
    await stopped
    signal?.removeEventListener('abort', stop)
  }

  /**
   * Runs until SIGINT or SIGTERM, then stops, and settles after the drain. A second signal ends the
   * process at once.
   */
  async launch(): Promise<void> {
    let isStopping = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isStopping) process.exit(128 + SIGNALS[signal as keyof typeof SIGNALS])
      isStopping = true
      void this.stop()
    }
    const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]
    for (const name of names) process.on(name, onSignal)
    try {
      await this.run()
    } finally {
      for (const name of names) process.off(name, onSignal)
    }
  }

  /**
   * Closes the listener, dispatches what had arrived, closes every channel with `STOPPED`, flushes.
   * Never rejects; settles within `drainTimeout` + 1 s and says what was not flushed. Does nothing
   * where the server was not started; `start()` works again afterwards.
   */
  async stop(): Promise<StopReport> {
    if (this.#state.is === 'starting') {
      // Whoever called start() hears of its failure.
      await this.#state.started.then(undefined, () => undefined)
    }
    if (this.#state.is === 'stopping') return this.#state.stopped
    if (this.#state.is !== 'running') return { channels: 0, bytes: 0 }
    const stopped = this.#stop(this.#state.listening)
    this.#state = { is: 'stopping', stopped }
    return stopped
  }

  /**
   * Takes what has come and dispatches it, all of it or at most `maxMessages`; how many messages it
   * dispatched. 0 inside a handler of this server, or inside a getter of a message being sent. Throws
   * a RangeError, `INVALID_VALUE`, for anything but a positive integer or Infinity.
   */
  pump(maxMessages: number = Number.POSITIVE_INFINITY): number {
    return this.#inbox.pump(maxMessages)
  }

  /** Encoded once, for how many channels it was queued. Throws as `channel.send()` does. */
  sendToAll(
    message: OutgoingOf<C>,
    options: { except?: C | Iterable<C> | undefined } = {},
  ): number {
    const { except } = options
    if (except === undefined) return this.#roster.sendToAll(message, NOBODY)
    const several = except instanceof Channel ? [except] : (except as Iterable<C>)
    return this.#roster.sendToAll(message, linksOf(several))
  }

  /** As `sendToAll`, for these channels, each once. */
  sendTo(channels: Iterable<C>, message: OutgoingOf<C>): number {
    const links = linksOf(channels)
    for (const link of links) {
      if (link.roster !== this.#roster) {
        throw typeError('INVALID_VALUE', `channel ${link.id} belongs to another server`)
      }
    }
    return this.#roster.sendTo(links, message)
  }

  stats(): ServerStats {
    const state = this.#state
    return statsOf(this.#counts, this.#transport.counters, {
      inboundBytes: this.#inbox.waitingBytes,
      bufferedBytes: state.is === 'running' ? state.listening.bufferedBytes : 0,
    })
  }

  /** After `channel.onConnect()`. */
  onConnect(_channel: C, _address: Address): unknown {
    return undefined
  }

  /** After `channel.onClose()`, exactly once for each `onConnect`; it is not in `channels` any more. */
  onDisconnect(_channel: C, _reason: CloseReason): unknown {
    return undefined
  }

  /** The server keeps the process alive; the default. */
  ref(): this {
    return this.#setRef(true)
  }

  unref(): this {
    return this.#setRef(false)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #newListening(): Listening {
    return new Listening({
      transport: this.#transport,
      options: this.#options,
      inbox: this.#inbox,
      counts: this.#counts,
      clock: systemClock,
      link: (hub, connection, address) => new ChannelLink(hub, connection, address, this.#roster),
    })
  }

  async #stop(listening: Listening): Promise<StopReport> {
    const report = await listening.stop()
    this.#state = { is: 'idle' }
    for (const resolve of this.#whenStopped.splice(0)) resolve()
    return report
  }

  #setRef(on: boolean): this {
    this.#isRef = on
    if (this.#state.is === 'running') this.#state.listening.setRef(on)
    return this
  }
}

/** What the shell adds 128 to. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const

function linksOf(channels: Iterable<AnyChannel>): Set<ChannelLink> {
  const links = new Set<ChannelLink>()
  for (const channel of channels) links.add(linkOf(channel))
  return links
}

function checkChannelClass(channelClass: unknown): void {
  const isChannel =
    typeof channelClass === 'function' &&
    (channelClass === Channel || channelClass.prototype instanceof Channel)
  if (!isChannel) throw typeError('INVALID_OPTION', 'channelClass must extend Channel')
}
