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
  }

  remove(link: ChannelLink, channel: AnyChannel): void {
    this.channels.delete(channel)
    const last = this.#row.pop() as ChannelLink
    if (last === link) return
    this.#row[link.place] = last
    last.place = link.place
  }

  sendToAll(message: Message, except: ReadonlySet<ChannelLink>): number {
    return this.#send(message, this.#row, except)
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

  /** One frame and one record, however many receive it. No handler runs in between. */
  #send(message: Message, links: Iterable<ChannelLink>, except: ReadonlySet<ChannelLink>): number {
    const transport = this.#transport
    const bytes = transport.write(message, this.#options)
    let receivers: Connection[] = []
    let hub: Hub | undefined
    const filled: ChannelLink[] = []
    const refused: ChannelLink[] = []
    for (const link of links) {
      if (!link.isSending || (except.size > 0 && except.has(link))) continue
      hub = link.hub
      const booking = link.book(bytes)
      if (booking === REFUSED) refused.push(link)
      else receivers.push(link.connection)
      if (booking === FILLED) filled.push(link)
    }
    if (receivers.length > 0 && hub?.shared(bytes) === true) {
      receivers = receivers.filter((connection) => hub?.isSending(connection))
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

export const NOBODY: ReadonlySet<ChannelLink> = new Set()
