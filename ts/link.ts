/** One connection above the seam: what Channel and Client share. */

import type { Address } from './address.js'
import { type Accounts, type Booking, FILLED, REFUSED } from './backpressure.js'
import { type Answerable, guard } from './dispatch.js'
import type { EndCode, Fault } from './errors.js'
import { type CloseReason, errorOf, RepodError } from './errors.js'
import type { Hub } from './hub.js'
import type { Recipient } from './inbox.js'
import type { Message, ReceivedMessage } from './message.js'
import { observeClose, observeError, type Subject } from './observe.js'
import type { Holder } from './output-total.js'
import { endReason, evictedReason, handlerReason, isFault, slowReason, textOf } from './reasons.js'
import type { SenderPorts } from './sender-ports.js'
import type { Connection } from './transport/transport.js'

/** Why a peer is not read. */
const INBOX_FULL = 1
const OUT_FULL = 2
const INBOXES_FULL = 4

/**
 * How far its end has come:
 *
 *     open --end(reason)--> closing --closed below--> over     our end: nothing more is sent
 *     open --closed below, in its turn--> ending ----> over    the peer's: sends go until `over`
 *
 * The reason is decided once, by whoever comes first.
 */
type Stage = 'open' | 'closing' | 'ending' | 'over'

export abstract class Link implements Recipient, Holder {
  readonly hub: Hub
  readonly connection: Connection
  readonly address: Address
  waitingMessages = 0
  waitingBytes = 0
  /** What was accepted and can no longer be delivered, known when the socket is done. */
  unflushedBytes = 0
  /** What other threads send through. */
  ports: SenderPorts | undefined
  readonly #accounts: Accounts
  #stage: Stage = 'open'
  #reason: CloseReason | undefined
  /** Closed below the seam: nothing comes any more, and `close` has nothing to close. */
  #isDown = false
  #isReleased = false
  #isEvicted = false
  #pauses = 0
  #wasTold = false

  constructor(hub: Hub, connection: Connection, address: Address) {
    this.hub = hub
    this.connection = connection
    this.address = address
    this.#accounts = hub.accounts
  }

  get reason(): CloseReason | undefined {
    return this.#reason
  }

  get isReceiving(): boolean {
    return this.#stage === 'open'
  }

  get isSending(): boolean {
    return this.#stage === 'open' || this.#stage === 'ending'
  }

  get isOver(): boolean {
    return this.#stage === 'over'
  }

  get bufferedBytes(): number {
    return this.#isReleased ? 0 : this.#accounts.buffered(this.connection)
  }

  get isWritable(): boolean {
    return this.isSending && this.#accounts.isWritable(this.connection)
  }

  get isHolding(): boolean {
    return !this.#isReleased && !this.#isEvicted
  }

  send(message: Message): number {
    if (!this.isSending) return 0
    const { counts, output, transport, options } = this.hub
    const bytes = transport.write(message, options)
    // A getter of the message may have closed the connection.
    if (!this.isSending) {
      transport.discard()
      return 0
    }
    const booking = this.#accounts.book(this.connection, bytes, options)
    if (booking === REFUSED) {
      transport.discard()
      this.refuse(bytes)
      return 0
    }
    if (output.added(bytes) && !this.isSending) {
      transport.discard()
      return 0
    }
    transport.post(this.connection)
    counts.messagesOut++
    counts.bytesOut += bytes
    if (booking === FILLED) this.fill()
    return bytes
  }

  /** Books a frame that others get too. */
  book(bytes: number): Booking {
    return this.#accounts.bookShared(this.connection, bytes, this.hub.options)
  }

  /** What is due once a frame is posted that crossed the high water. */
  fill(): void {
    const { transport, options } = this.hub
    transport.askDrained(this.connection, options.writeLowWater)
    this.ports?.pause()
    if (options.pauseReadWhenOutFull) this.#pause(OUT_FULL, true)
  }

  /** A message of a port, which has no caller who could be told. */
  refused(cause: unknown): void {
    this.hub.inbox.aside(() => this.#tell(portError(cause), true))
  }

  /** What becomes of a frame that was not accepted. */
  refuse(bytes: number): void {
    const { counts, inbox, options } = this.hub
    if (options.slowConsumer === 'drop-newest') {
      counts.dropped++
      return
    }
    const reason = slowReason(this.bufferedBytes, bytes, options.maxBufferedOut)
    if (!this.end(reason)) return
    inbox.later(() => this.#tell(errorOf(reason)))
  }

  evict(buffered: number): void {
    const { inbox, options, transport } = this.hub
    this.#isEvicted = true
    const reason = evictedReason(buffered, options.maxBufferedTotal)
    // Its memory is needed now: also what an earlier end still waits for is dropped.
    if (this.#isDown || this.#reason !== undefined) transport.close(this.connection, 0)
    if (this.end(reason, 0)) inbox.later(() => this.#tell(errorOf(reason)))
  }

  /** This side's end; false where the end was decided before. */
  end(reason: CloseReason, timeout: number = this.hub.options.closeTimeout): boolean {
    if (this.#reason !== undefined) return false
    this.#reason = reason
    this.#stage = 'closing'
    this.#accounts.shut(this.connection)
    this.ports?.close()
    if (this.#isDown) this.#release()
    else this.hub.transport.close(this.connection, timeout)
    return true
  }

  /** The peer's fault: an end that is an error. */
  fail(reason: CloseReason): void {
    if (this.end(reason)) this.#tell(errorOf(reason))
  }

  handlerFailed(error: unknown): void {
    const { counts, inbox, options } = this.hub
    counts.handlerErrors++
    const reason = handlerReason(error)
    if (this.#stage === 'over') {
      this.hub.complain(errorOf(reason), this.subject, this.address)
      return
    }
    if (options.onHandlerError === 'close') this.end(reason)
    inbox.consequence(() => this.#tell(errorOf(reason)))
  }

  holdBack(on: boolean): void {
    this.#pause(INBOX_FULL, on)
  }

  /** As `holdBack`, for all of the endpoint's connections together. */
  holdAllBack(on: boolean): void {
    this.#pause(INBOXES_FULL, on)
  }

  receive(action: string, message: ReceivedMessage, bytes: number): void {
    this.handedOut(bytes)
    this.onMessage(action, message)
  }

  handedOut(bytes: number): void {
    const { counts } = this.hub
    counts.messagesIn++
    counts.bytesIn += bytes + HEADER
  }

  // What the hub passes on, as it arrives.

  /** First of all, before anything about this connection waits. */
  arrived(): void {}

  messageArrived(action: string, message: ReceivedMessage, bytes: number): void {
    this.hub.inbox.message(this, action, message, bytes)
  }

  faultArrived(fault: Fault): void {
    this.hub.inbox.event(() => this.fail(this.hub.faultReason(fault)))
  }

  drainedArrived(): void {
    this.hub.inbox.aside(() => this.#drained())
  }

  closedArrived(code: EndCode): void {
    this.#isDown = true
    if (code !== 'PEER_CLOSED') this.unflushedBytes = this.#accounts.unflushed(this.connection)
    // What was sent before a peer's end still goes, and so does what is sent until it is handled.
    if (this.#reason !== undefined) this.#release()
    this.hub.inbox.event(() => this.#closed(code))
  }

  /** The end, whatever comes from below: for a `stop()` that has waited long enough. */
  abandon(): void {
    if (!this.#isDown) this.closedArrived('CLOSED')
  }

  // What becomes of it in its turn. None of these throws.

  abstract onOpened(): void
  /** Whose connection it is, for those who look on; and whether they were told of its beginning. */
  protected abstract readonly subject: Subject
  protected abstract readonly hasBegun: boolean
  protected abstract onMessage(action: string, message: ReceivedMessage): void
  protected abstract onDrain(): unknown
  /** Hands the error to the program; false where that has no handler of its own. */
  protected abstract onFailure(error: RepodError, answerable: Answerable): boolean
  /** Right before the connection is let go; its reason is decided. */
  protected abstract onEnd(reason: CloseReason): void

  #drained(): void {
    if (this.#stage !== 'open') return
    const { transport, options } = this.hub
    if (!this.#accounts.drained(this.connection, options.writeLowWater)) {
      transport.askDrained(this.connection, options.writeLowWater)
      return
    }
    this.#pause(OUT_FULL, false)
    guard(() => this.onDrain(), this)
    this.ports?.resume()
  }

  #closed(code: EndCode): void {
    if (this.#stage === 'over') return
    if (this.#reason === undefined) {
      this.#reason = endReason(code)
      this.#stage = 'ending'
      if (isFault(code)) this.#tell(errorOf(this.#reason))
    }
    const reason = this.#reason
    const { counts } = this.hub
    counts.closedBy[reason.code] = (counts.closedBy[reason.code] ?? 0) + 1
    this.ports?.close()
    if (this.hasBegun) observeClose(this.hub.log, this.subject, this.address, reason)
    this.onEnd(reason)
    this.#stage = 'over'
    this.#release()
    this.hub.ended(this)
  }

  /**
   * An end is told once; what fails after it is printed, since nobody waits for it any more. So is
   * what the program did itself (`isOurs`), where it has no handler for errors.
   */
  #tell(error: RepodError, isOurs = error.code === 'REPOD_ERR_HANDLER_ERROR'): void {
    const { complaints, counts, log } = this.hub
    const isLogged = observeError(log, this.subject, this.address, error)
    const ended = this.#reason !== undefined
    if (this.#stage !== 'over' && !(ended && this.#wasTold)) {
      if (ended) this.#wasTold = true
      const failedAgain = (cause: unknown): void => {
        counts.handlerErrors++
        this.hub.complain(errorOf(handlerReason(cause)), this.subject, this.address)
      }
      if (this.onFailure(error, { handlerFailed: failedAgain })) return
    }
    if (isOurs && !isLogged) complaints.print(error)
  }

  #pause(why: number, on: boolean): void {
    const before = this.#pauses
    this.#pauses = on ? before | why : before & ~why
    if (this.#isDown || this.hub.isQuiesced || (before === 0) === (this.#pauses === 0)) return
    if (on) this.hub.transport.pause(this.connection)
    else this.hub.transport.resume(this.connection)
  }

  #release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.hub.transport.release(this.connection)
  }
}

/** As `send()` throws it, in the place where there is nobody to throw it at. */
function portError(cause: unknown): RepodError {
  const code = (cause as { code?: RepodError['code'] } | undefined)?.code
  const isOurs = code?.startsWith('REPOD_ERR_') === true
  const message = `a message of a port was not sent: ${textOf(cause)}`
  return new RepodError(isOurs ? code : 'REPOD_ERR_INVALID_VALUE', message, { cause })
}

/** Bytes of a frame before its payload. */
const HEADER = 4
