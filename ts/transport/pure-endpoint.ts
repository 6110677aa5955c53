/** A server's or a client's share of the pure transport: its listener or dial, its connections. */
import cluster from 'node:cluster'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Address } from '../address.js'
import type { EndpointOptions } from '../options.js'
import { addressFrom, type ConnectionOwner, type PureConnection } from './pure-connection.js'
import type { ReadyQueue } from './ready-queue.js'
import type { Endpoint, EndpointEvents, TransportCounters } from './transport.js'

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
  /** Dials that are under way, and what gives up each. */
  readonly #dials: Map<Socket, () => void> = new Map()
  /** From the attempt to listen until the last connection of it is gone. */
  readonly #servers: Set<Server> = new Set()
  #ref = true
  #alive = false
  /** Since `quiesce` or `stop`: nothing begins any more. */
  #shut = false
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
      const { backlog, noDelay, reusePort } = this.options
      const sharing = sharingOf(reusePort)
      if (sharing === undefined) {
        reject(unsupported('listen', host, port))
        return
      }
      // Half-open, so that a peer that sends FIN still gets what is sent until `release`.
      const server = createServer({ allowHalfOpen: true, noDelay }, (socket) => this.#open(socket))
      const fail = (error: Error & { code?: unknown }): void => {
        this.#lose(server)
        reject(error.code === 'ENOTSUP' ? unsupported('listen', host, port, error) : error)
      }
      server.once('error', fail)
      // The socket that listens is closed at once; this comes when the last connection is gone too.
      server.once('close', () => this.#lose(server))
      server.listen({ host, port, backlog, ...sharing }, () => {
        server.off('error', fail)
        // An accept that fails (no descriptor left, say) costs that connection; libuv goes on
        // listening by itself, and there is nobody below the seam who could be told of it.
        server.on('error', () => {})
        const address = server.address()
        if (this.#shut || address === null || typeof address === 'string') {
          server.close()
          reject(givenUp('listen', host, port))
          return
        }
        resolve(addressFrom(address.address, address.port))
      })
      if (!this.#ref) server.unref()
      this.#servers.add(server)
      this.#live()
    })
  }

  dial(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#shut) {
        reject(givenUp('connect', host, port))
        return
      }
      for (const giveUp of this.#dials.values()) giveUp()
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
      this.#dials.set(socket, () => fail(givenUp('connect', host, port)))
      this.#live()
    })
  }

  async quiesce(): Promise<void> {
    this.#close()
    await Promise.all([...this.#connections].map((connection) => connection.quiesce()))
  }

  stop(): Promise<void> {
    this.#close()
    return new Promise((resolve) => {
      this.#whenGone.push(resolve)
      this.#live()
    })
  }

  setRef(on: boolean): void {
    this.#ref = on
    for (const handle of [...this.#servers, ...this.#dials.keys()]) {
      if (on) handle.ref()
      else handle.unref()
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

  #close(): void {
    this.#shut = true
    for (const server of this.#servers) server.close()
    for (const giveUp of this.#dials.values()) giveUp()
  }

  #lose(server: Server): void {
    this.#servers.delete(server)
    this.#live()
  }

  /** Something came or went. */
  #live(): void {
    const alive = this.#connections.size > 0 || this.#dials.size > 0 || this.#servers.size > 0
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

/**
 * Who else may listen on the port: nobody, whoever sets the same option, or the workers of a cluster
 * that cannot set it. Undefined where it cannot be had.
 */
function sharingOf(reusePort: boolean): object | undefined {
  if (!reusePort) return { exclusive: true }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major >= 24 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)) {
    return { reusePort: true }
  }
  return cluster.isWorker ? {} : undefined
}

function unsupported(syscall: string, address: string, port: number, cause?: unknown): Error {
  const message = `${syscall} UNSUPPORTED: reusePort is not to be had here ${address}:${port}`
  return Object.assign(new Error(message, { cause }), { code: 'UNSUPPORTED', syscall })
}

function givenUp(syscall: string, address: string, port: number): Error {
  const message = `${syscall} ECANCELED: given up ${address}:${port}`
  return Object.assign(new Error(message), { code: 'ECANCELED', syscall, address, port })
}
