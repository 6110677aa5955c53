import type { MessagePort } from 'node:worker_threads'
import { ClientCore } from './client-core.js'
import { guard } from './dispatch.js'
import type { CloseReason, RepodError } from './errors.js'
import type { Message, ReceivedMessage } from './message.js'
import {
  type AbortOptions,
  type ClientOptions,
  DEFAULT_HOST,
  DEFAULT_PORT,
  parseClientOptions,
} from './options.js'

/**
 * A connection to a server whose messages are read, one by one or with `for await`. `Incoming` is
 * the caller's promise, not a check. Options are checked here, as those of a Server are.
 */
export class Client<Outgoing extends Message = Message, Incoming extends Message = ReceivedMessage>
  implements AsyncIterable<Incoming>, AsyncDisposable
{
  readonly #core: ClientCore

  constructor(options: ClientOptions = {}) {
    // A ConnectionListener makes its client around a core of its own.
    this.#core =
      options instanceof ClientCore
        ? options
        : new ClientCore(parseClientOptions(options), 'pull', {
            receiver: undefined,
            endpoint: this,
            onDrain: () => this.onDrain(),
            onError: (error, answerable) => {
              guard(() => this.onError(error), answerable)
              return this.onError !== Client.prototype.onError
            },
          })
  }

  /** From the server's greeting to the end. */
  get isConnected(): boolean {
    return this.#core.isConnected
  }

  /** False from `writeHighWater` buffered bytes until `onDrain()`, and without a connection. */
  get isWritable(): boolean {
    return this.#core.isWritable
  }

  /**
   * Bytes that `send()` accepted and the kernel had not taken at the beginning of this turn; before
   * the greeting, all of them.
   */
  get bufferedBytes(): number {
    return this.#core.bufferedBytes
  }

  /** Why the last connection ended. */
  get closeReason(): CloseReason | undefined {
    return this.#core.closeReason
  }

  /**
   * Resolves a name, tries its addresses one after the other, and settles with the server's greeting.
   * Rejects with a RepodError: `CONNECT_FAILED` (`cause.code` says why), `CONNECT_TIMEOUT`,
   * `ABORTED`, `CLOSED` (by `close()`), `INVALID_STATE` while there is a connection; its `unsent`
   * says what `send()` had accepted. After a close it connects anew.
   */
  connect(
    host: string = DEFAULT_HOST,
    port: number = DEFAULT_PORT,
    options?: AbortOptions,
  ): Promise<void> {
    return this.#core.connect(host, port, options)
  }

  /**
   * Queues a message; the size of its frame in bytes, or 0 without a connection or where
   * `slowConsumer` refused it. Before the greeting it waits for that. Throws a TypeError or
   * RangeError, and queues nothing, where the message cannot be sent.
   */
  send(message: Outgoing): number {
    return this.#core.send(message)
  }

  /**
   * A port to transfer to a worker: what that posts is sent as by `send()`, in order, once the server
   * has greeted, and is not taken out of the port while the connection is not writable. A message
   * that `send()` would refuse goes to `onError` (of a ConnectionListener's: to `Network_error`).
   * Closed with the connection; what waits in it then is lost.
   */
  sender(): MessagePort {
    return this.#core.sender()
  }

  /** The next message; undefined where none has come, and after the end. */
  read(): Incoming | undefined {
    return this.#core.read() as Incoming | undefined
  }

  /**
   * No message is read any more; what was sent still goes, for at most `closeTimeout`. Never
   * rejects, settles when the socket is gone. `reason` becomes the message of the CloseReason, which
   * stays on this side.
   */
  close(reason?: string): Promise<void> {
    return this.#core.close(reason)
  }

  /** `isWritable` is true again: once per crossing of the high water. */
  onDrain(): unknown {
    return undefined
  }

  /**
   * The peer's fault, a slow reader, connecting that failed, a handler that threw, or a message of a
   * `sender()` that cannot be sent.
   */
  onError(_error: RepodError): unknown {
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

  /** The messages until the end; throws the RepodError of an end that was a fault. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Incoming, void, undefined> {
    yield* this.#core.messages() as AsyncGenerator<Incoming, void, undefined>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
