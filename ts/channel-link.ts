/** A server's side of one connection: the Channel's life, and the server's hooks around it. */
import type { MessagePort } from 'node:worker_threads'
import type { Address } from './address.js'
import type { AnyChannel, AnyServer, ChannelInit } from './channel.js'
import { type Answerable, dispatch, guard } from './dispatch.js'
import { type CloseReason, errorOf, type RepodError } from './errors.js'
import type { Hub } from './hub.js'
import { Link } from './link.js'
import type { Message, ReceivedMessage } from './message.js'
import { observeOpen, type Subject, unhandled } from './observe.js'
import { handlerReason } from './reasons.js'
import type { Roster } from './roster.js'
import { closedPort, SenderPorts } from './sender-ports.js'
import type { Connection } from './transport/transport.js'

export class ChannelLink extends Link implements ChannelInit {
  readonly roster: Roster
  readonly server: AnyServer
  readonly id: number
  /** Its place in the roster's row of receivers. */
  place = -1
  #channel: AnyChannel | undefined

  constructor(hub: Hub, connection: Connection, address: Address, roster: Roster) {
    super(hub, connection, address)
    this.roster = roster
    this.server = roster.server
    this.id = roster.nextId()
  }

  get channel(): AnyChannel | undefined {
    return this.#channel
  }

  protected override get subject(): Subject {
    return { endpoint: this.server, channel: this.#channel, id: this.id }
  }

  protected override get hasBegun(): boolean {
    return this.#channel !== undefined
  }

  sender(): MessagePort {
    if (!this.isSending) return closedPort()
    this.ports ??= new SenderPorts({
      isWritable: () => this.isWritable,
      send: (message) => this.send(message as Message),
      refused: (cause) => this.refused(cause),
    })
    return this.ports.open()
  }

  /** The greeting is the first frame on both transports: sent before there is a Channel. */
  override arrived(): void {
    const { accounts, inbox, options, transport } = this.hub
    const bytes = transport.write(GREETING, options)
    transport.post(this.connection)
    accounts.book(this.connection, bytes, NO_LIMITS)
    if (inbox.mode === 'pump') transport.quiet(this.connection, true)
  }

  override onOpened(): void {
    const { roster, server } = this
    try {
      this.#channel = new server.channelClass(this)
    } catch (error) {
      // Without a Channel there is nobody to report to, whatever the policy says.
      this.hub.counts.handlerErrors++
      const reason = handlerReason(error)
      this.end(reason)
      this.hub.complain(errorOf(reason), this.subject, this.address)
      return
    }
    const channel = this.#channel
    roster.add(this, channel)
    observeOpen(this.hub.log, this.subject, this.address)
    guard(() => channel.onConnect(), this)
    guard(() => server.onConnect(channel, this.address), this)
  }

  protected override onMessage(action: string, message: ReceivedMessage): void {
    const channel = this.#channel as AnyChannel
    if (dispatch(channel, action, message, this)) return
    this.roster.unhandled(channel)
    unhandled(this.hub.log, action, this.id)
  }

  protected override onDrain(): unknown {
    return this.#channel?.onDrain()
  }

  protected override onFailure(error: RepodError, answerable: Answerable): boolean {
    const channel = this.#channel
    if (channel === undefined) return false
    guard(() => channel.onError(error), answerable)
    return !this.roster.hasDefaultOnError(channel)
  }

  protected override onEnd(reason: CloseReason): void {
    const channel = this.#channel
    if (channel === undefined) return
    guard(() => channel.onClose(reason), this)
    this.roster.remove(this, channel)
    guard(() => this.server.onDisconnect(channel, reason), this)
  }
}

const GREETING = { action: 'connected' }
/** The greeting is in the account, but no crossing of the program's marks. */
const NO_LIMITS = {
  maxBufferedOut: Number.POSITIVE_INFINITY,
  writeHighWater: Number.POSITIVE_INFINITY,
}
