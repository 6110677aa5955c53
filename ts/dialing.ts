/** A client between `connect()` and the end of its last socket. */
import type { MessagePort } from 'node:worker_threads'
import { ClientLink } from './client-link.js'
import type { Clock } from './clock.js'
import { complaints } from './complaints.js'
import { type Answerable, notify, type Receiver } from './dispatch.js'
import type { EndCode } from './errors.js'
import { type CloseReason, errorOf, RepodError, type RepodErrorOptions } from './errors.js'
import { Hub, type HubParts } from './hub.js'
import type { Message } from './message.js'
import { observeError, type Subject } from './observe.js'
import { FIXED } from './options.js'
import { closedHere, endReason, handlerReason, slowReason, textOf } from './reasons.js'
import { firstThatWorks, resolveHost } from './resolve.js'
import { closedPort, SenderPorts } from './sender-ports.js'
import { snapshot } from './snapshot.js'

/** Who hears of a client's connection. */
export interface Audience {
  /** Gets messages and events; without one, messages are read. */
  readonly receiver: Receiver | undefined
  /** The Client or ConnectionListener, for those who look on. */
  readonly endpoint: object
  onDrain(): unknown
  /** Of a client that is read: false where the program has no handler of its own. */
  onError?(error: RepodError, answerable: Answerable): boolean
}

export interface DialingParts extends Omit<HubParts, 'complaints' | 'link' | 'ended'> {
  readonly clock: Clock
  readonly audience: Audience
}

type Progress =
  | { readonly is: 'connecting'; readonly attempt: Attempt }
  | { readonly is: 'connected'; readonly link: ClientLink }
  | { readonly is: 'failed' }

/** `connect()` until it settles, and what was sent meanwhile. */
interface Attempt {
  readonly resolve: () => void
  readonly reject: (error: RepodError) => void
  readonly cleanUp: () => void
  readonly unsent: Message[]
  unsentBytes: number
}

export class Dialing implements Answerable {
  readonly receiver: Receiver | undefined
  readonly #audience: Audience
  readonly #clock: Clock
  readonly #hub: Hub
  #link: ClientLink | undefined
  #progress: Progress = { is: 'failed' }
  #reason: CloseReason | undefined
  #gone: Promise<void> | undefined
  #isRef = true
  /** Messages of workers go the way of `send()`, but only once there is a connection. */
  readonly #ports: SenderPorts

  constructor(parts: DialingParts) {
    this.#audience = parts.audience
    this.receiver = parts.audience.receiver
    this.#clock = parts.clock
    this.#ports = new SenderPorts({
      isWritable: () => this.isConnected && this.isWritable,
      send: (message) => this.send(message as Message),
      refused: (cause) => this.#link?.refused(cause),
    })
    this.#hub = new Hub({
      ...parts,
      complaints,
      link: (hub, connection, address) => new ClientLink(hub, connection, address, this),
      admits: () => this.#link === undefined && this.#progress.is === 'connecting',
      ended: () => void this.done(),
    })
  }

  get subject(): Subject {
    return { endpoint: this.#audience.endpoint }
  }

  get isConnected(): boolean {
    return this.#progress.is === 'connected' && this.#progress.link.isReceiving
  }

  /** Neither connected nor about to be. */
  get hasEnded(): boolean {
    return this.#progress.is !== 'connecting' && !this.isConnected
  }

  /** Why it ended, also where it never was a connection; none where connecting failed as a call. */
  get reason(): CloseReason | undefined {
    return this.#reason ?? this.#link?.reason
  }

  get isWritable(): boolean {
    if (this.#progress.is === 'connected') return this.#progress.link.isWritable
    if (this.#progress.is === 'failed') return false
    return this.#progress.attempt.unsentBytes < this.#hub.options.writeHighWater
  }

  get bufferedBytes(): number {
    if (this.#progress.is === 'connecting') return this.#progress.attempt.unsentBytes
    return this.#link?.bufferedBytes ?? 0
  }

  connect(
    host: string,
    port: number,
    signal: AbortSignal | undefined,
    isRef: boolean,
  ): Promise<void> {
    this.#isRef = isRef
    return new Promise((resolve, reject) => {
      const { connectTimeout } = this.#hub.options
      const cancelTimeout = this.#clock.after(connectTimeout, () => {
        const message = `no greeting from ${host}:${port} within connectTimeout (${connectTimeout} ms)`
        this.failed({ code: 'CONNECT_TIMEOUT', message })
      })
      const abort = (): void => {
        const cause: unknown = signal?.reason
        this.#fail('REPOD_ERR_ABORTED', 'connect() was aborted', { cause }, false)
      }
      const cleanUp = (): void => {
        cancelTimeout()
        signal?.removeEventListener('abort', abort)
      }
      const attempt = { resolve, reject, cleanUp, unsent: [], unsentBytes: 0 }
      this.#progress = { is: 'connecting', attempt }
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted === true) abort()
      else void this.#dial(host, port)
    })
  }

  send(message: Message): number {
    if (this.#progress.is === 'connected') return this.#progress.link.send(message)
    return this.#progress.is === 'connecting' ? this.#keep(message) : 0
  }

  /** Read once the server has greeted. */
  sender(): MessagePort {
    if (this.hasEnded) return closedPort()
    return this.#ports.open()
  }

  /** Settles when the socket is gone. */
  close(reason: string | undefined): Promise<void> {
    const why = closedHere(reason)
    if (this.#progress.is === 'connecting') {
      this.#fail('REPOD_ERR_CLOSED', `connect() was given up: ${why.message}`, {}, false, why)
    }
    const { endpoint, transport } = this.#hub
    // The promise settles by itself: what it waits for must keep the process alive, and wake it.
    endpoint.setRef(true)
    if (this.#link !== undefined) transport.quiet(this.#link.connection, false)
    this.#link?.end(why)
    return this.done()
  }

  setRef(on: boolean): void {
    this.#isRef = on
    if (this.isConnected) this.#hub.endpoint.setRef(on)
  }

  // What its link tells.

  opened(link: ClientLink): void {
    this.#link = link
    if (this.#progress.is === 'failed') link.end(closedHere(), 0)
  }

  /** What was sent before goes first. */
  greeted(link: ClientLink): void {
    if (this.#progress.is !== 'connecting') return
    const { attempt } = this.#progress
    const { endpoint, inbox, transport } = this.#hub
    this.#progress = { is: 'connected', link }
    attempt.cleanUp()
    endpoint.setRef(this.#isRef)
    if (inbox.mode === 'pump') transport.quiet(link.connection, true)
    link.ports = this.#ports
    for (const message of attempt.unsent) link.send(message)
    link.ports.resume()
    attempt.resolve()
  }

  /** Closed below before the greeting. */
  lost(code: EndCode): void {
    const reason = endReason(code)
    const cause = errorOf(reason)
    const message = `${reason.message} before its greeting`
    this.#fail('REPOD_ERR_CONNECT_FAILED', message, { cause }, true)
  }

  failed(reason: CloseReason): void {
    const { detail, cause } = reason
    this.#fail(`REPOD_ERR_${reason.code}`, reason.message, { detail, cause }, true, reason)
  }

  /** This side ended the link: where it was not greeted yet, connecting has failed. */
  ended(reason: CloseReason): void {
    const { code, message, cause } = reason
    this.#fail(`REPOD_ERR_${code}`, message, { cause }, false, reason)
  }

  /** Nothing comes any more: settles when the endpoint's last socket is gone. */
  done(): Promise<void> {
    this.#gone ??= this.#stop()
    return this.#gone
  }

  onDrain(): unknown {
    return this.#audience.onDrain()
  }

  tell(error: RepodError, answerable: Answerable): boolean {
    if (this.receiver !== undefined) return notify(this.receiver, 'error', { error }, answerable)
    return this.#audience.onError?.(error, answerable) ?? false
  }

  /** Of `Network_error`, where there is no link any more. */
  handlerFailed(error: unknown): void {
    this.#hub.counts.handlerErrors++
    this.#hub.complain(errorOf(handlerReason(error)), this.subject, undefined)
  }

  async #stop(): Promise<void> {
    const { endpoint } = this.#hub
    // A dial that is under way is given up.
    if (this.#link === undefined) await endpoint.quiesce()
    await endpoint.stop()
  }

  async #dial(host: string, port: number): Promise<void> {
    const until = this.#clock.now() + this.#hub.options.connectTimeout
    try {
      const addresses = await resolveHost(host)
      let left = addresses.length
      await firstThatWorks(addresses, (address) => {
        const share = (until - this.#clock.now()) / left--
        return this.#try(address, port, left === 0 ? undefined : share)
      })
    } catch (cause) {
      // An address that took too long for its share may have answered after all.
      if (this.#link !== undefined) return
      const message = `cannot connect to ${host}:${port}: ${textOf(cause)}`
      this.#fail('REPOD_ERR_CONNECT_FAILED', message, { cause }, true)
    }
  }

  /** For so many ms, unless it is the last; the next dial gives this one up. */
  async #try(address: string, port: number, share: number | undefined): Promise<void> {
    if (this.#progress.is !== 'connecting' || this.#link !== undefined) return
    const dialled = this.#hub.endpoint.dial(address, port)
    if (share === undefined) return dialled
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.after(Math.max(share, FIXED.leastPerAddress), () => {
        reject(new Error(`${address} did not answer in its share of connectTimeout`))
      })
      dialled.then(resolve, reject).finally(cancel)
    })
  }

  /** Encoded now, so that its faults are the caller's; written again once there is a connection. */
  #keep(message: Message): number {
    const { counts, options, transport } = this.#hub
    const copy = snapshot(message, options)
    const bytes = transport.write(copy, options)
    transport.discard()
    // A getter of the message may have ended it.
    if (this.#progress.is !== 'connecting') return 0
    const { attempt } = this.#progress
    const { unsentBytes } = attempt
    if (unsentBytes > 0 && unsentBytes + bytes > options.maxBufferedOut) {
      if (options.slowConsumer === 'drop-newest') counts.dropped++
      else this.failed(slowReason(unsentBytes, bytes, options.maxBufferedOut))
      return 0
    }
    attempt.unsent.push(copy)
    attempt.unsentBytes += bytes
    return bytes
  }

  #fail(
    code: RepodError['code'],
    message: string,
    options: RepodErrorOptions,
    tell: boolean,
    reason?: CloseReason,
  ): void {
    if (this.#progress.is !== 'connecting') return
    const { attempt } = this.#progress
    this.#progress = { is: 'failed' }
    attempt.cleanUp()
    this.#ports.close()
    const unsent = { messages: attempt.unsent.length, bytes: attempt.unsentBytes }
    const error = new RepodError(code, message, { ...options, unsent })
    this.#reason = reason
    this.#link?.end(reason ?? closedHere(message))
    if (tell) {
      this.#hub.inbox.later(() => {
        observeError(this.#hub.log, this.subject, undefined, error)
        this.tell(error, this)
      })
    }
    attempt.reject(error)
    void this.done()
  }
}
