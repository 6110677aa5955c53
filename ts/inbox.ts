/**
 * Whose turn it is: what an endpoint was told waits here until its program takes it, or goes straight
 * through. Lifecycle events wait in the same queue, so their order with messages is free.
 */
import type { Clock } from './clock.js'
import { rangeError } from './errors.js'
import type { ReceivedMessage } from './message.js'
import { show } from './option-checks.js'
import { ENGINE, type EndpointOptions } from './options.js'
import { Queue } from './queue.js'
import type { Transport } from './transport/transport.js'

/** `auto`: straight through; `pump`: until `pump()`; `pull`: until `read()`. */
export type InboxMode = 'auto' | 'pump' | 'pull'

/** What the inbox keeps about a connection, and asks of it. */
export interface Recipient {
  /** Waiting messages and their payload bytes. */
  waitingMessages: number
  waitingBytes: number
  /** False once its end is decided: what still waits for it is dropped. */
  readonly isReceiving: boolean
  receive(action: string, message: ReceivedMessage, bytes: number): void
  /** Counts a message that `read()` hands out instead. */
  handedOut(bytes: number): void
  holdBack(on: boolean): void
}

type Limits = Pick<
  EndpointOptions,
  'inboundQueueMessages' | 'inboundQueueBytes' | 'maxInboundTotal' | 'dispatchTimeBudget'
>

interface Waiting {
  readonly to: Recipient
  readonly action: string
  readonly message: ReceivedMessage
  readonly bytes: number
}
type Entry = Waiting | (() => void)

export class Inbox {
  /** Called with each arrival that waits. */
  onArrival: (() => void) | undefined
  /** Called when no connection may add to what waits, and when all may again. */
  onFull: ((on: boolean) => void) | undefined
  /** Payload bytes of all that waits. */
  #waitingBytes = 0
  #isFull = false
  #mode: InboxMode
  readonly #ownMode: InboxMode
  readonly #transport: Pick<Transport, 'collecting' | 'writing' | 'look' | 'flush'>
  readonly #endTurn: () => void
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #queue = new Queue<Entry>()
  #dispatching = false
  #scheduled = false
  readonly #nextTurn = (): void => {
    this.#scheduled = false
    if (this.#mode === 'auto') this.#run(Number.POSITIVE_INFINITY, this.#limits.dispatchTimeBudget)
  }

  constructor(
    mode: InboxMode,
    transport: Pick<Transport, 'collecting' | 'writing' | 'look' | 'flush'>,
    endTurn: () => void,
    limits: Limits,
    clock: Clock,
  ) {
    this.#mode = mode
    this.#ownMode = mode
    this.#transport = transport
    this.#endTurn = endTurn
    this.#limits = limits
    this.#clock = clock
  }

  get length(): number {
    return this.#queue.length
  }

  get isFull(): boolean {
    return this.#isFull
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  get mode(): InboxMode {
    return this.#ownMode
  }

  /** True while a handler of this endpoint runs. */
  get dispatching(): boolean {
    return this.#dispatching
  }

  message(to: Recipient, action: string, message: ReceivedMessage, bytes: number): void {
    if (!this.#goesStraight()) {
      this.hold(to, bytes)
      this.#enqueue({ to, action, message, bytes })
      return
    }
    this.#dispatching = true
    try {
      to.receive(action, message, bytes)
    } finally {
      this.#dispatching = false
    }
  }

  /** Books a message that waits, here or with its connection. */
  hold(to: Recipient, bytes: number): void {
    to.waitingMessages++
    to.waitingBytes += bytes
    const { inboundQueueMessages, inboundQueueBytes } = this.#limits
    if (to.waitingMessages >= inboundQueueMessages || to.waitingBytes >= inboundQueueBytes) {
      to.holdBack(true)
    }
    this.#waitingBytes += bytes
    if (!this.#isFull && this.#waitingBytes >= this.#limits.maxInboundTotal) this.#fill(true)
  }

  /** Takes what `hold` booked for a connection off all accounts; none of it is in the queue. */
  forget(to: Recipient): void {
    const bytes = to.waitingBytes
    to.waitingMessages = 0
    to.waitingBytes = 0
    to.holdBack(false)
    this.#took(bytes)
  }

  /** A lifecycle event, in its order with the messages. */
  event(run: () => void): void {
    if (this.#goesStraight()) this.#runAlone(run)
    else this.#enqueue(run)
  }

  /** An event that has no order with messages which are read one by one. */
  aside(run: () => void): void {
    if (this.#mode !== 'pull') this.event(run)
    else if (this.#dispatching || this.#transport.collecting || this.#transport.writing) {
      this.#clock.soon(run)
    } else this.#runAlone(run)
  }

  /** At once inside a handler, in order otherwise: what a handler's own fault sets off. */
  consequence(run: () => void): void {
    if (this.#dispatching && !this.#transport.writing) run()
    else this.event(run)
  }

  /** Never inside the caller, who is in the middle of something: `send()`, say. */
  later(run: () => void): void {
    this.#enqueue(run)
  }

  /** Looks, then dispatches what waits now; how many messages that were. */
  pump(max: number): number {
    if (!(max >= 1) || (max !== Number.POSITIVE_INFINITY && !Number.isInteger(max))) {
      const text = `maxMessages must be a positive integer or Infinity, got ${show(max)}`
      throw rangeError('INVALID_VALUE', text)
    }
    if (this.#dispatching || this.#transport.writing) return 0
    this.#look()
    return this.#run(max, undefined)
  }

  /** The next message of a `pull` inbox. */
  read(): ReceivedMessage | undefined {
    if (this.#dispatching || this.#transport.writing) return undefined
    const waiting = this.#takeMessage()
    if (waiting !== undefined) return waiting
    this.#look()
    return this.#takeMessage()
  }

  /** Dispatches all that waits, without a budget; from now on everything goes straight through. */
  settle(): void {
    this.#mode = 'auto'
    while (this.#queue.length > 0 && !this.#dispatching)
      this.#run(Number.POSITIVE_INFINITY, undefined)
  }

  /** Ends what `settle` began. */
  reopen(): void {
    this.#mode = this.#ownMode
  }

  #goesStraight(): boolean {
    return (
      this.#mode === 'auto' &&
      this.#queue.length === 0 &&
      !this.#dispatching &&
      !this.#transport.collecting &&
      !this.#transport.writing
    )
  }

  #look(): void {
    this.#transport.flush()
    this.#endTurn()
    this.#transport.look()
  }

  #enqueue(entry: Entry): void {
    this.#queue.push(entry)
    if (this.#mode === 'auto') this.#schedule()
    this.onArrival?.()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.soon(this.#nextTurn)
  }

  /** What comes while it runs is left to the next run: a pump ends, whatever handlers do. */
  #run(max: number, budget: number | undefined): number {
    if (this.#dispatching) return 0
    const until = budget === undefined ? undefined : this.#clock.now() + budget
    let messages = 0
    this.#dispatching = true
    try {
      for (let left = this.#queue.length, done = 1; left > 0 && messages < max; left--, done++) {
        const entry = this.#queue.shift() as Entry
        if (typeof entry === 'function') entry()
        else if (this.#leave(entry)) {
          messages++
          entry.to.receive(entry.action, entry.message, entry.bytes)
        }
        if (until === undefined || done % ENGINE.messagesPerClock !== 0) continue
        if (this.#clock.now() >= until) break
      }
    } finally {
      this.#dispatching = false
      if (this.#mode === 'auto' && this.#queue.length > 0) this.#schedule()
    }
    return messages
  }

  #runAlone(run: () => void): void {
    this.#dispatching = true
    try {
      run()
    } finally {
      this.#dispatching = false
    }
  }

  #takeMessage(): ReceivedMessage | undefined {
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      if (typeof entry === 'function') this.#runAlone(entry)
      else if (this.#leave(entry)) {
        entry.to.handedOut(entry.bytes)
        return entry.message
      }
    }
    return undefined
  }

  /** Takes a message off its connection's account; false where its connection's end is decided. */
  #leave({ to, bytes }: Waiting): boolean {
    to.waitingMessages--
    to.waitingBytes -= bytes
    const { inboundQueueMessages, inboundQueueBytes } = this.#limits
    if (
      to.waitingMessages <= inboundQueueMessages / 2 &&
      to.waitingBytes <= inboundQueueBytes / 2
    ) {
      to.holdBack(false)
    }
    this.#took(bytes)
    return to.isReceiving
  }

  #took(bytes: number): void {
    this.#waitingBytes -= bytes
    if (this.#isFull && this.#waitingBytes <= this.#limits.maxInboundTotal / 2) this.#fill(false)
  }

  #fill(on: boolean): void {
    this.#isFull = on
    this.onFull?.(on)
  }
}
