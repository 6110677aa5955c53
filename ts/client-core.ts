/** What Client and ConnectionListener are two faces of: one inbox, one connection after the other. */
import type { MessagePort } from 'node:worker_threads'
import { type Clock, systemClock } from './clock.js'
import { type Audience, Dialing } from './dialing.js'
import { type CloseReason, errorOf, RepodError } from './errors.js'
import { accountsOf } from './hub.js'
import { Inbox, type InboxMode } from './inbox.js'
import type { Message, ReceivedMessage } from './message.js'
import { hostOf, portOf } from './option-checks.js'
import type { AbortOptions, EndpointOptions } from './options.js'
import { isFault } from './reasons.js'
import { closedPort } from './sender-ports.js'
import { type Counts, newCounts } from './stats.js'
import { selectTransport } from './transport/select.js'
import type { Transport } from './transport/transport.js'

export class ClientCore {
  readonly #options: EndpointOptions
  readonly #audience: Audience
  readonly #transport: Transport
  readonly #inbox: Inbox
  readonly #counts: Counts = newCounts()
  readonly #clock: Clock
  #dialing: Dialing | undefined
  #isRef = true
  #sleepers: (() => void)[] = []

  constructor(
    options: EndpointOptions,
    mode: InboxMode,
    audience: Audience,
    clock: Clock = systemClock,
  ) {
    this.#options = options
    this.#audience = audience
    this.#clock = clock
    this.#transport = selectTransport(options.transport).transport
    const accounts = accountsOf(this.#transport)
    const endTurn = (): void => accounts.endTurn()
    this.#inbox = new Inbox(mode, this.#transport, endTurn, options, clock)
    if (mode === 'pull') this.#inbox.onArrival = () => this.#wakeSleepers()
  }

  get isConnected(): boolean {
    return this.#dialing?.isConnected ?? false
  }

  get isWritable(): boolean {
    return this.#dialing?.isWritable ?? false
  }

  get bufferedBytes(): number {
    return this.#dialing?.bufferedBytes ?? 0
  }

  get closeReason(): CloseReason | undefined {
    return this.#dialing?.reason
  }

  async connect(host: string, port: number, { signal }: AbortOptions = {}): Promise<void> {
    hostOf(host)
    portOf(port, 1)
    if (this.#dialing !== undefined && !this.#dialing.hasEnded) {
      const state = this.#dialing.isConnected ? 'connected' : 'connecting'
      throw new RepodError('REPOD_ERR_INVALID_STATE', `the client is ${state} already`)
    }
    this.#dialing = new Dialing({
      transport: this.#transport,
      options: this.#options,
      inbox: this.#inbox,
      counts: this.#counts,
      clock: this.#clock,
      audience: this.#audience,
    })
    try {
      await this.#dialing.connect(host, port, signal, this.#isRef)
    } finally {
      this.#wakeSleepers()
    }
  }

  send(message: Message): number {
    return this.#dialing?.send(message) ?? 0
  }

  sender(): MessagePort {
    return this.#dialing?.sender() ?? closedPort()
  }

  async close(reason: string | undefined): Promise<void> {
    const closed = this.#dialing?.close(reason)
    this.#wakeSleepers()
    await closed
  }

  pump(max: number): number {
    return this.#inbox.pump(max)
  }

  read(): ReceivedMessage | undefined {
    if (this.#inbox.mode === 'pull') return this.#inbox.read()
    const message = 'the messages of a ConnectionListener go to its methods, not to read()'
    throw new RepodError('REPOD_ERR_INVALID_STATE', message)
  }

  async *messages(): AsyncGenerator<ReceivedMessage, void, undefined> {
    for (;;) {
      const message = this.read()
      if (message !== undefined) {
        yield message
        continue
      }
      const dialing = this.#dialing
      if (dialing === undefined || dialing.hasEnded) break
      await new Promise<void>((resolve) => this.#sleepers.push(resolve))
    }
    const reason = this.#dialing?.reason
    if (reason !== undefined && isFault(reason.code)) throw errorOf(reason)
  }

  setRef(on: boolean): void {
    this.#isRef = on
    this.#dialing?.setRef(on)
  }

  #wakeSleepers(): void {
    for (const wake of this.#sleepers.splice(0)) wake()
  }
}
