/** An endpoint of the native transport: its calls as records, their results as promises. */
import { getSystemErrorMap } from 'node:util'
import type { Address } from '../address.js'
import type { EndpointOptions } from '../options.js'
import { ENDPOINT_WORDS, LISTEN_FLAGS, OUTBOUND } from '../tape/layout.js'
import { packAddress } from './address.js'
import type { Endpoint, EndpointEvents } from './transport.js'

/** What an endpoint needs of its environment. */
export interface EndpointHost {
  /** Sends a record that begins with `endpoint`, a fresh request and `rest`. */
  request(kind: number, endpoint: number, rest: Rest, done: (result: Result) => void): void
  record(kind: number, words: readonly number[]): void
  /** Keeps the process alive, until as many calls of `letGo`. */
  hold(): void
  letGo(): void
  /** The engine knows nothing of the endpoint any more. */
  gone(endpoint: NativeEndpoint): void
}

export interface Result {
  /** 0, an errno of the platform, or UNSUPPORTED. */
  readonly errno: number
  readonly address: Address
}

/** What follows the request in a record. */
export interface Rest {
  readonly words: readonly number[]
  readonly address?: Uint8Array
}

export class NativeEndpoint implements Endpoint {
  readonly id: number
  readonly events: EndpointEvents
  readonly options: EndpointOptions
  readonly #host: EndpointHost
  #isRef = true
  #stopped: Promise<void> | undefined

  constructor(id: number, events: EndpointEvents, options: EndpointOptions, host: EndpointHost) {
    this.id = id
    this.events = events
    this.options = options
    this.#host = host
    host.hold()
    host.record(OUTBOUND.ENDPOINT, [id, 0, 0, ...ENDPOINT_WORDS.map((name) => +options[name])])
  }

  async listen(host: string, port: number): Promise<Address> {
    const { backlog, reusePort } = this.options
    const flags = reusePort ? LISTEN_FLAGS.reusePort : 0
    return this.#ask('listen', OUTBOUND.LISTEN, host, port, [flags, backlog])
  }

  async dial(host: string, port: number): Promise<void> {
    await this.#ask('connect', OUTBOUND.DIAL, host, port, [0, 0])
  }

  quiesce(): Promise<void> {
    if (this.#stopped !== undefined) return this.#stopped
    return new Promise((resolve) => {
      this.#host.request(OUTBOUND.QUIESCE, this.id, NOTHING, () => resolve())
    })
  }

  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      this.#host.request(OUTBOUND.STOP, this.id, NOTHING, () => {
        this.setRef(false)
        this.#host.gone(this)
        resolve()
      })
    })
    return this.#stopped
  }

  setRef(on: boolean): void {
    if (on === this.#isRef) return
    this.#isRef = on
    if (on) this.#host.hold()
    else this.#host.letGo()
  }

  async #ask(
    syscall: string,
    kind: number,
    host: string,
    port: number,
    flagsAndBacklog: readonly [number, number],
  ): Promise<Address> {
    const packed = packAddress(host)
    if (packed === undefined) throw systemError(syscall, 'EINVAL', 'no such address', host, port)
    const words = [port, packed.family, packed.scope, ...flagsAndBacklog]
    const rest = { words, address: packed.bytes }
    const { errno, address } = await new Promise<Result>((resolve) => {
      this.#host.request(kind, this.id, rest, resolve)
    })
    if (errno === 0) return address
    if (errno === UNSUPPORTED) {
      throw systemError(syscall, 'UNSUPPORTED', 'not supported by this platform', host, port)
    }
    const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error']
    throw systemError(syscall, name, text, host, port)
  }
}

const NOTHING: Rest = { words: [0] }

const UNSUPPORTED = 0xffff_ffff

/** The form that `node:net` gives its errors. */
function systemError(
  syscall: string,
  code: string,
  text: string,
  address: string,
  port: number,
): Error {
  const message = `${syscall} ${code}: ${text} ${address}:${port}`
  return Object.assign(new Error(message), { code, syscall, address, port })
}
