/** The connections of one endpoint: from the seam's numbers to Links and back. */
import { Accounts } from './backpressure.js'
import type { Complaints } from './complaints.js'
import type { CloseReason } from './errors.js'
import type { Inbox } from './inbox.js'
import type { Link } from './link.js'
import type { ReceivedMessage } from './message.js'
import type { EndpointOptions } from './options.js'
import { faultReason } from './reasons.js'
import type { Counts } from './stats.js'
import {
  type Address,
  type Connection,
  type EndCode,
  type Endpoint,
  type EndpointEvents,
  type Fault,
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
  /** A connection's end was handled. */
  readonly ended?: () => void
}

export class Hub implements EndpointEvents {
  readonly transport: Transport
  readonly options: EndpointOptions
  readonly inbox: Inbox
  readonly counts: Counts
  readonly complaints: Complaints
  readonly accounts: Accounts
  readonly endpoint: Endpoint
  /** Those whose end was not handled yet. */
  readonly links: Set<Link> = new Set()
  /** Nothing is read any more, whatever the reasons to resume. */
  isQuiesced = false
  readonly #newLink: HubParts['link']
  readonly #onEnded: (() => void) | undefined
  readonly #table: Table
  #whenEmpty: (() => void) | undefined

  constructor(parts: HubParts) {
    this.transport = parts.transport
    this.options = parts.options
    this.inbox = parts.inbox
    this.counts = parts.counts
    this.complaints = parts.complaints
    this.#newLink = parts.link
    this.#onEnded = parts.ended
    this.#table = tableOf(parts.transport)
    this.accounts = this.#table.accounts
    this.endpoint = parts.transport.endpoint(this, parts.options)
  }

  opened(connection: Connection, address: Address): void {
    this.accounts.open(connection)
    const link = this.#newLink(this, connection, address)
    this.#table.links[indexOf(connection)] = link
    this.links.add(link)
    this.counts.opened++
    this.counts.open++
    link.arrived()
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
    this.#linkOf(connection)?.closedArrived(code)
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
    this.#onEnded?.()
    if (this.links.size === 0) this.#whenEmpty?.()
  }

  /** Settles when every end was handled. */
  empty(): Promise<void> {
    if (this.links.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenEmpty = resolve
    })
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
