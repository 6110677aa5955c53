/** A server between `start()` and the end of `stop()`: one listener and its connections. */

import type { Address } from './address.js'
import { Admission } from './admission.js'
import type { Clock } from './clock.js'
import { complaints } from './complaints.js'
import { RepodError } from './errors.js'
import { Hub, type HubParts } from './hub.js'
import type { Link } from './link.js'
import type { ParsedServerOptions } from './options.js'
import { stopped, textOf } from './reasons.js'
import { firstThatWorks, resolveHost } from './resolve.js'

/** What `stop()` could not flush: how many channels had bytes left, and how many bytes. */
export interface StopReport {
  readonly channels: number
  readonly bytes: number
}

export interface ListeningParts extends Omit<HubParts, 'complaints'> {
  readonly options: ParsedServerOptions
  readonly clock: Clock
}

export class Listening {
  readonly #options: ParsedServerOptions
  readonly #clock: Clock
  readonly #hub: Hub
  #hasListened = false

  constructor(parts: ListeningParts) {
    this.#options = parts.options
    this.#clock = parts.clock
    const admission = new Admission(parts.options)
    this.#hub = new Hub({
      ...parts,
      complaints,
      admits: (address) => this.#admits(address, admission),
      ended: (link) => admission.leave(link.address.host),
    })
  }

  async start(signal: AbortSignal | undefined): Promise<Address> {
    const { host, port } = this.#options
    const { endpoint, log } = this.#hub
    const transport = this.#hub.transport.kind
    try {
      throwIfAborted(signal)
      const addresses = await resolveHost(host)
      const address = await firstThatWorks(addresses, (each) => endpoint.listen(each, port))
      throwIfAborted(signal)
      this.#hasListened = true
      const { host: at, port: on } = address
      log.write('info', 'LISTENING', 'a server listens', { host: at, port: on, transport })
      return address
    } catch (error) {
      await this.stop()
      if (error instanceof RepodError) throw error
      throw listenError(error, host, port)
    }
  }

  /** In bytes, what waits to be sent. */
  get bufferedBytes(): number {
    return this.#hub.output.survey()
  }

  setRef(on: boolean): void {
    this.#hub.endpoint.setRef(on)
  }

  async stop(): Promise<StopReport> {
    const { endpoint, inbox, links, log, transport } = this.#hub
    const { drainTimeout } = this.#options
    // Promises settle by themselves: what they wait for must keep the process alive, and wake it.
    endpoint.setRef(true)
    let giveUp = (): void => {}
    const givenUp = new Promise<void>((resolve) => {
      giveUp = resolve
    })
    let ending: Link[] = []
    const cancelReset = this.#clock.after(drainTimeout, () => {
      for (const link of ending) transport.close(link.connection, 0)
    })
    const cancelGivingUp = this.#clock.after(drainTimeout + GRACE, giveUp)
    this.#hub.isQuiesced = true
    await Promise.race([endpoint.quiesce(), givenUp])
    inbox.settle()
    ending = [...links]
    for (const link of ending) {
      transport.quiet(link.connection, false)
      link.end(stopped(), drainTimeout)
    }
    await Promise.race([this.#hub.empty(), givenUp])
    for (const link of [...links]) link.abandon()
    await Promise.race([endpoint.stop(), givenUp])
    cancelReset()
    cancelGivingUp()
    inbox.settle()
    inbox.reopen()
    const report = reportOf(ending)
    if (this.#hasListened) log.write('info', 'STOPPED', 'a server stopped', { ...report })
    return report
  }

  /** Counted from here until its end was handled. */
  #admits({ host, port }: Address, admission: Admission): boolean {
    const { counts, log } = this.#hub
    const limit = admission.refusal(host)
    if (limit === undefined) {
      admission.enter(host)
      return true
    }
    counts.refusedBy[limit]++
    if (log.wants('warn')) {
      log.write('warn', 'REFUSED', 'a connection was refused', { limit, host, port })
    }
    return false
  }
}

function reportOf(links: readonly Link[]): StopReport {
  const unflushed = links.map((link) => link.unflushedBytes).filter((bytes) => bytes > 0)
  return { channels: unflushed.length, bytes: unflushed.reduce((sum, bytes) => sum + bytes, 0) }
}

/** ms after the drain's end for the last resets; then `stop()` settles without them. */
const GRACE = 500

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new RepodError('REPOD_ERR_ABORTED', 'start() was aborted', { cause: signal.reason })
}

function listenError(cause: unknown, host: string, port: number): RepodError {
  const isUnsupported = (cause as { code?: unknown } | undefined)?.code === 'UNSUPPORTED'
  const code = isUnsupported ? 'REPOD_ERR_UNSUPPORTED' : 'REPOD_ERR_LISTEN_FAILED'
  return new RepodError(code, `cannot listen on ${host}:${port}: ${textOf(cause)}`, { cause })
}
