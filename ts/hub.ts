/** The connections of one endpoint: from the seam's numbers to Links and back. */

import type { Address } from './address.js'
import { Accounts } from './backpressure.js'
import type { Complaints } from './complaints.js'
import type { CloseReason, EndCode, Fault, RepodError } from './errors.js'
import type { Inbox } from './inbox.js'
import type { Link } from './link.js'
import { Log } from './logging.js'
import type { ReceivedMessage } from './message.js'
import { observeError, type Subject } from './observe.js'
import type { EndpointOptions } from './options.js'
import { OutputTotal } from './output-total.js'
import { faultReason } from './reasons.js'
import type { Counts } from './stats.js'
import {
  type Connection,
  type Endpoint,
  type EndpointEvents,
  indexOf,
  type Transport,
} from './transport/transport.js'

/** What a transport's endpoints share above the seam, by the index of the connection. */
interface Table {
  readonly accounts: Accounts
  readonly links: (Link | undefined)[]
}
const tables = new WeakMap<Transport, Table>()

export function accountsOf(transport: Transport): Accounts {
  return tableOf(transport).accounts
}

export interface HubParts {
  readonly transport: Transport
  readonly options: EndpointOptions
  readonly inbox: Inbox
  readonly counts: Counts
  readonly complaints: Complaints
  /** A connection's Link, as it is opened. */
  readonly link: (hub: Hub, connection: Connection, address: Address) => Link
  /** Whether a connection from there is let in; without it, all are. */
  readonly admits?: (address: Address) => boolean
  /** A connection's end was handled. */
  readonly ended?: (link: Link) => void
}

export class Hub implements EndpointEvents {
  readonly transport: Transport
  readonly options: EndpointOptions
  readonly inbox: Inbox
  readonly counts: Counts
  readonly complaints: Complaints
  readonly accounts: Accounts
  readonly endpoint: Endpoint
  readonly output: OutputTotal
  readonly log: Log
  /** Those whose end was not handled yet. */
  readonly links: Set<Link> = new Set()
  /** Nothing is read any more, whatever the reasons to resume. */
  isQuiesced = false
  readonly #newLink: HubParts['link']
  readonly #admits: ((address: Address) => boolean) | undefined
  readonly #onEnded: ((link: Link) => void) | undefined
  /** Those that were not let in, until their sockets are gone. */
  readonly #refused: Set<Connection> = new Set()
  #isHeldBack: boolean
  readonly #table: Table
  #whenEmpty: (() => void) | undefined

  constructor(parts: HubParts) {
    this.transport = parts.transport
    this.options = parts.options
    this.inbox = parts.inbox
    this.counts = parts.counts
    this.complaints = parts.complaints
    this.#newLink = parts.link
    this.#admits = parts.admits
    this.#onEnded = parts.ended
    this.log = new Log(parts.options, parts.counts)
    this.#table = tableOf(parts.transport)
    this.accounts = this.#table.accounts
    this.output = new OutputTotal(parts.options.maxBufferedTotal, this.accounts, this.links)
    this.#isHeldBack = parts.inbox.isFull
    this.inbox.onFull = (on) => this.#holdAllBack(on)
    this.endpoint = parts.transport.endpoint(this, parts.options)
  }

  opened(connection: Connection, address: Address): void {
    if (this.#admits?.(address) === false) {
      this.#refused.add(connection)
      this.transport.close(connection, 0)
      return
    }
    this.accounts.open(connection)
    const link = this.#newLink(this, connection, address)
    this.#table.links[indexOf(connection)] = link
    this.links.add(link)
    this.counts.opened++
    this.counts.open++
    link.arrived()
    if (this.#isHeldBack) link.holdAllBack(true)
    this.inbox.event(() => link.onOpened())
  }

  message(connection: Connection, action: string, message: ReceivedMessage, bytes: number): void {
    const link = this.#linkOf(connection)
    if (link?.isReceiving === true) link.messageArrived(action, message, bytes)
  }

  fault(connection: Connection, fault: Fault): void {
    this.#linkOf(connection)?.faultArrived(fault)
  }

  drained(connection: Connection): void {
    this.#linkOf(connection)?.drainedArrived()
  }

  closed(connection: Connection, code: EndCode): void {
    if (this.#refused.delete(connection)) this.transport.release(connection)
    this.#linkOf(connection)?.closedArrived(code)
  }

  isSending(connection: Connection): boolean {
    return this.#linkOf(connection)?.isSending === true
  }

  /** A frame was booked for many; true where some of them had to go for it. */
  shared(bytes: number): boolean {
    this.accounts.share(bytes)
    return this.output.added(bytes)
  }

  /** What no handler of the program hears of. */
  complain(error: RepodError, subject: Subject, address: Address | undefined): void {
    if (!observeError(this.log, subject, address, error)) this.complaints.print(error)
  }

  faultReason(fault: Fault): CloseReason {
    return faultReason(fault, this.options)
  }

  /** A link's end was handled: its index may be another's from now on. */
  ended(link: Link): void {
    this.links.delete(link)
    const index = indexOf(link.connection)
    if (this.#table.links[index] === link) this.#table.links[index] = undefined
    this.counts.open--
    this.#onEnded?.(link)
    if (this.links.size === 0) this.#whenEmpty?.()
  }

  /** Settles when every end was handled. */
  empty(): Promise<void> {
    if (this.links.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenEmpty = resolve
    })
  }

  /** Whoever has least waiting is read first: those that filled the inbox had their turn. */
  #holdAllBack(on: boolean): void {
    this.#isHeldBack = on
    const links = [...this.links]
    if (!on) links.sort((a, b) => a.waitingBytes - b.waitingBytes)
    for (const link of links) link.holdAllBack(on)
  }

  #linkOf(connection: Connection): Link | undefined {
    const link = this.#table.links[indexOf(connection)]
    return link?.connection === connection ? link : undefined
  }
}

function tableOf(transport: Transport): Table {
  let table = tables.get(transport)
  if (table === undefined) {
    table = { accounts: new Accounts(transport), links: [] }
    tables.set(transport, table)
  }
  return table
}
