import { Client } from './client.js'
import { ClientCore } from './client-core.js'
import { listensTo } from './dispatch.js'
import type { Message, ReceivedMessage } from './message.js'
import {
  type AbortOptions,
  type ClientOptions,
  type ListenerOptions,
  parseListenerOptions,
} from './options.js'

/**
 * A connection to a server whose messages reach `Network_{action}` methods: inside `pump()`, once per
 * frame of a game, or as they come (`dispatch: 'auto'`). The events of the connection reach
 * `Network_socketConnect`, `Network_connected`, `Network_disconnected({ reason })` and
 * `Network_error({ error })`, in their order with the messages.
 */
export class ConnectionListener<Outgoing extends Message = Message> implements AsyncDisposable {
  readonly #core: ClientCore
  readonly #client: Client<Outgoing>

  constructor(options: ListenerOptions = {}) {
    const parsed = parseListenerOptions(options)
    const audience = { receiver: this, endpoint: this, onDrain: () => this.onDrain() }
    this.#core = new ClientCore(parsed, parsed.dispatch, audience)
    this.#client = new Client<Outgoing>(this.#core as object as ClientOptions)
  }

  get connection(): Client<Outgoing> {
    return this.#client
  }

  get isConnected(): boolean {
    return this.#core.isConnected
  }

  get isWritable(): boolean {
    return this.#core.isWritable
  }

  get bufferedBytes(): number {
    return this.#core.bufferedBytes
  }

  /**
   * As `client.connect()`; settles without a `pump()`. A failure is told twice, by the rejection and
   * by `Network_error`: where there is that method, the promise may be left alone.
   */
  connect(host?: string, port?: number, options?: AbortOptions): Promise<void> {
    const connected = this.#client.connect(host, port, options)
    if (listensTo(this, 'error')) connected.catch(() => undefined)
    return connected
  }

  /**
   * Takes what has come and dispatches it, all of it or at most `maxMessages`; how many messages it
   * dispatched. 0 inside a handler of this listener, or inside a getter of a message being sent.
   * Throws a RangeError, `INVALID_VALUE`, for anything but a positive integer or Infinity.
   */
  pump(maxMessages: number = Number.POSITIVE_INFINITY): number {
    return this.#core.pump(maxMessages)
  }

  /** As `client.send()`. */
  send(message: Outgoing): number {
    return this.#core.send(message)
  }

  /** As `client.close()`. */
  close(reason?: string): Promise<void> {
    return this.#core.close(reason)
  }

  /** `isWritable` is true again: once per crossing of the high water. */
  onDrain(): unknown {
    return undefined
  }

  /** Every message that has no method of its own. */
  networkReceived(_data: ReceivedMessage): unknown {
    return undefined
  }

  /** The connection keeps the process alive; the default. */
  ref(): this {
    this.#core.setRef(true)
    return this
  }

  unref(): this {
    this.#core.setRef(false)
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
