/** A server's or a client's share of the pure transport: its listener or dial, its connections. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { EndpointOptions } from '../options.js'
import { addressFrom, type ConnectionOwner, type PureConnection } from './pure-connection.js'
import type { ReadyQueue } from './ready-queue.js'
import type { Address, Endpoint, EndpointEvents, TransportCounters } from './transport.js'

/** What an endpoint needs of its transport. */
export interface EndpointOwner {
  readonly ready: ReadyQueue
  readonly counters: TransportCounters
  accept(socket: Socket, owner: ConnectionOwner): PureConnection
  free(connection: PureConnection): void
  /** Called when an endpoint gets its first socket or listener, and when it has lost its last. */
  living(endpoint: PureEndpoint, on: boolean): void
}

export class PureEndpoint implements Endpoint, ConnectionOwner {
  readonly events: EndpointEvents
  readonly options: EndpointOptions
  readonly #owner: EndpointOwner
  readonly #connections: Set<PureConnection> = new Set()
  /** What gives up each dial that is under way. */
  readonly #dials: Map<Socket, (error: Error) => void> = new Map()
  #server: Server | undefined
  #ref = true
  #alive = false
  #whenGone: (() => void)[] = []

  constructor(owner: EndpointOwner, events: EndpointEvents, options: EndpointOptions) {
    this.#owner = owner
    this.events = events
    this.options = options
  }

  get ready(): ReadyQueue {
    return this.#owner.ready
  }

  get counters(): TransportCounters {
    return this.#owner.counters
  }

  listen(host: string, port: number): Promise<Address> {
    return new Promise((resolve, reject) => {
      const { noDelay } = this.options
      // Half-open, so that a peer that sends FIN still gets what is sent until `release`.
      const server = createServer({ allowHalfOpen: true, noDelay }, (socket) => this.#open(socket))
      server.once('error', reject)
      server.once('close', () => this.#onListenerClosed(server))
      server.listen({ host, port }, () => {
        server.off('error', reject)
        // An accept that fails (no descriptor left, say) costs that connection; libuv goes on
        // listening by itself, and there is nobody below the seam who could be told of it.
        server.on('error', () => {})
        const address = server.address()
        if (address === null || typeof address === 'string') return
        resolve(addressFrom(address.address, address.port))
      })
      if (!this.#ref) server.unref()
      this.#server = server
      this.#live()
    })
  }

  dial(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { noDelay } = this.options
      const socket = connect({ host, port, noDelay, allowHalfOpen: true, autoSelectFamily: false })
      const fail = (error: Error): void => {
        this.#dials.delete(socket)
        socket.destroy()
        reject(error)
        this.#live()
      }
      socket.once('error', fail)
      socket.once('connect', () => {
        this.#dials.delete(socket)
        socket.off('error', fail)
        this.#open(socket)
        resolve()
      })
      if (!this.#ref) socket.unref()
      this.#dials.set(socket, fail)
      this.#live()
    })
  }

  async quiesce(): Promise<void> {
    this.#shut()
    await Promise.all([...this.#connections].map((connection) => connection.quiesce()))
  }

  stop(): Promise<void> {
    this.#shut()
    return new Promise((resolve) => {
      this.#whenGone.push(resolve)
      this.#live()
    })
  }

  setRef(on: boolean): void {
    this.#ref = on
    if (on) this.#server?.ref()
    else this.#server?.unref()
    for (const socket of this.#dials.keys()) {
      if (on) socket.ref()
      else socket.unref()
    }
    for (const connection of this.#connections) connection.setRef(on)
  }

  gone(connection: PureConnection): void {
    this.#connections.delete(connection)
    this.#live()
  }

  free(connection: PureConnection): void {
    this.#owner.free(connection)
  }

  #open(socket: Socket): void {
    const connection = this.#owner.accept(socket, this)
    this.#connections.add(connection)
    if (!this.#ref) connection.setRef(false)
    this.#live()
    connection.open()
  }

  #shut(): void {
    this.#server?.close()
    for (const fail of this.#dials.values()) {
      fail(Object.assign(new Error('the dial was given up'), { code: 'ECANCELED' }))
    }
  }

  /** The socket of a listener is free at once; this comes when the last connection is gone too. */
  #onListenerClosed(server: Server): void {
    if (this.#server === server) this.#server = undefined
    this.#live()
  }

  /** Something came or went. */
  #live(): void {
    const alive = this.#connections.size > 0 || this.#dials.size > 0 || this.#server !== undefined
    if (alive !== this.#alive) {
      this.#alive = alive
      this.#owner.living(this, alive)
    }
    if (alive) return
    const waiting = this.#whenGone
    this.#whenGone = []
    for (const resolve of waiting) resolve()
  }
}
