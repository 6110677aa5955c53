/** The channels of one server, and what is sent to many of them at once. */
import { FILLED, REFUSED } from './backpressure.js'
import type { AnyChannel, AnyServer } from './channel.js'
import type { ChannelLink } from './channel-link.js'
import type { Hub } from './hub.js'
import type { Message } from './message.js'
import type { EndpointOptions } from './options.js'
import type { Counts } from './stats.js'
import type { Connection, Transport } from './transport/transport.js'

/** Members of the base class, to see what a program left as it was. */
type Defaults = Pick<AnyChannel, 'onError' | 'networkReceived'> & { readonly class: unknown }

export class Roster {
  readonly server: AnyServer
  readonly channels: Set<AnyChannel> = new Set()
  readonly #transport: Transport
  readonly #options: EndpointOptions
  readonly #counts: Counts
  readonly #defaults: Defaults
  /** The same channels as a dense row, which a broadcast walks. */
  readonly #row: ChannelLink[] = []
  readonly #connections: Connection[] = []
  #ids = 0
  #hasWarned = false

  constructor(
    server: AnyServer,
    transport: Transport,
    options: EndpointOptions,
    counts: Counts,
    defaults: Defaults,
  ) {
    this.server = server
    this.#transport = transport
    this.#options = options
    this.#counts = counts
    this.#defaults = defaults
  }

  nextId(): number {
    this.#ids++
    return this.#ids
  }

  add(link: ChannelLink, channel: AnyChannel): void {
    this.channels.add(channel)
    link.place = this.#row.length
    this.#row.push(link)
    this.#connections.push(link.connection)
  }

  remove(link: ChannelLink, channel: AnyChannel): void {
    this.channels.delete(channel)
    const last = this.#row.pop() as ChannelLink
    this.#connections.pop()
    if (last === link) return
    this.#row[link.place] = last
    this.#connections[link.place] = last.connection
    last.place = link.place
  }

  sendToAll(message: Message, except: ReadonlySet<ChannelLink>): number {
    if (except.size > 0) return this.#send(message, this.#row, except)
    const bytes = this.#transport.write(message, this.#options)
    const [first] = this.#row
    const others = first?.hub.accounts.bookAll(this.#connections, bytes, this.#options) ?? []
    const receivers = without(this.#connections, others)
    const rest = others.map((place) => this.#row[place] as ChannelLink)
    return this.#post(bytes, receivers, first?.hub, rest)
  }

  sendTo(links: ReadonlySet<ChannelLink>, message: Message): number {
    return this.#send(message, links, NOBODY)
  }

  hasDefaultOnError(channel: AnyChannel): boolean {
    return channel.onError === this.#defaults.onError
  }

  /** A message that no method took: perhaps because `channelClass` was forgotten. */
  unhandled(channel: AnyChannel): void {
    if (this.#hasWarned || channel.constructor !== this.#defaults.class) return
    if (channel.networkReceived !== this.#defaults.networkReceived) return
    const { name } = this.server.constructor
    if (Object.getPrototypeOf(this.server.constructor.prototype) === Object.prototype) return
    this.#hasWarned = true
    process.emitWarning(
      `${name} leaves channelClass at Channel, and messages arrive that nobody handles`,
      { type: 'RepodWarning', code: 'REPOD_WARN_CHANNEL_CLASS' },
    )
  }

  #send(message: Message, links: Iterable<ChannelLink>, except: ReadonlySet<ChannelLink>): number {
    const bytes = this.#transport.write(message, this.#options)
    const wanted = [...links].filter((link) => !except.has(link))
    return this.#post(bytes, [], wanted[0]?.hub, wanted)
  }

  /**
   * One frame and one record, however many receive it: those that it is booked for already, and what
   * `links` have room for. No handler runs in between.
   */
  #post(
    bytes: number,
    booked: readonly Connection[],
    hub: Hub | undefined,
    links: readonly ChannelLink[],
  ): number {
    const transport = this.#transport
    const more: Connection[] = []
    const filled: ChannelLink[] = []
    const refused: ChannelLink[] = []
    for (const link of links) {
      if (!link.isSending) continue
      const booking = link.book(bytes)
      if (booking === REFUSED) refused.push(link)
      else more.push(link.connection)
      if (booking === FILLED) filled.push(link)
    }
    let receivers = more.length === 0 ? booked : booked.concat(more)
    if (receivers.length > 0 && hub?.shared(bytes) === true) {
      receivers = receivers.filter((connection) => hub.isSending(connection))
    }
    this.#counts.messagesOut += receivers.length
    this.#counts.bytesOut += receivers.length * bytes
    if (receivers.length === 0) transport.discard()
    else transport.postAll(receivers)
    for (const link of filled) link.fill()
    for (const link of refused) link.refuse(bytes)
    return receivers.length
  }
}

/** The elements at other places than these, which ascend; the very array where they are none. */
function without<T>(elements: readonly T[], places: readonly number[]): readonly T[] {
  if (places.length === 0) return elements
  let next = 0
  return elements.filter((_, place) => {
    if (place !== places[next]) return true
    next++
    return false
  })
}

export const NOBODY: ReadonlySet<ChannelLink> = new Set()
