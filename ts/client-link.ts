/** A client's side of its connection: the greeting, and the events of a ConnectionListener. */

import type { Address } from './address.js'
import type { Dialing } from './dialing.js'
import { type Answerable, dispatch, notify } from './dispatch.js'
import type { CloseReason, EndCode, Fault, RepodError } from './errors.js'
import type { Hub } from './hub.js'
import { Link } from './link.js'
import type { ReceivedMessage } from './message.js'
import { observeOpen, type Subject, unhandled } from './observe.js'
import type { Connection } from './transport/transport.js'

export class ClientLink extends Link {
  readonly #dialing: Dialing
  /** What came before the greeting; undefined once that is there. */
  #early: { action: string; message: ReceivedMessage; bytes: number }[] | undefined = []

  constructor(hub: Hub, connection: Connection, address: Address, dialing: Dialing) {
    super(hub, connection, address)
    this.#dialing = dialing
  }

  get wasGreeted(): boolean {
    return this.#early === undefined
  }

  protected override get subject(): Subject {
    return this.#dialing.subject
  }

  protected override get hasBegun(): boolean {
    return this.wasGreeted
  }

  override arrived(): void {
    this.#dialing.opened(this)
  }

  override messageArrived(action: string, message: ReceivedMessage, bytes: number): void {
    const early = this.#early
    if (early === undefined) super.messageArrived(action, message, bytes)
    else if (action === 'connected') this.#greeted(early)
    else {
      early.push({ action, message, bytes })
      this.hub.inbox.hold(this, bytes)
    }
  }

  override faultArrived(fault: Fault): void {
    // Nothing is dispatched before the greeting: there is no order to keep, and a promise waits.
    if (this.wasGreeted) super.faultArrived(fault)
    else this.#dialing.failed(this.hub.faultReason(fault))
  }

  override closedArrived(code: EndCode): void {
    if (!this.wasGreeted) this.hub.inbox.forget(this)
    super.closedArrived(code)
    if (!this.wasGreeted) this.#dialing.lost(code)
    if (this.reason !== undefined) this.#dialing.done()
  }

  override end(reason: CloseReason, timeout?: number): boolean {
    if (!super.end(reason, timeout)) return false
    this.#dialing.ended(reason)
    return true
  }

  override onOpened(): void {
    const { receiver } = this.#dialing
    if (receiver !== undefined && this.isReceiving) {
      notify(receiver, 'socketConnect', undefined, this)
    }
  }

  protected override onMessage(action: string, message: ReceivedMessage): void {
    const { receiver } = this.#dialing
    if (receiver === undefined || dispatch(receiver, action, message, this)) return
    unhandled(this.hub.log, action)
  }

  protected override onDrain(): unknown {
    return this.#dialing.onDrain()
  }

  protected override onFailure(error: RepodError, answerable: Answerable): boolean {
    return this.#dialing.tell(error, answerable)
  }

  protected override onEnd(reason: CloseReason): void {
    const { receiver } = this.#dialing
    if (receiver !== undefined && this.wasGreeted) {
      notify(receiver, 'disconnected', { reason }, this)
    }
  }

  /** The server's first `connected` is swallowed; what came before it comes after it. */
  #greeted(early: { action: string; message: ReceivedMessage; bytes: number }[]): void {
    this.#early = undefined
    this.hub.inbox.forget(this)
    this.#dialing.greeted(this)
    const { inbox } = this.hub
    inbox.event(() => {
      observeOpen(this.hub.log, this.subject, this.address)
      const { receiver } = this.#dialing
      if (receiver !== undefined) notify(receiver, 'connected', undefined, this)
    })
    for (const { action, message, bytes } of early) {
      if (this.isReceiving) inbox.message(this, action, message, bytes)
    }
  }
}
