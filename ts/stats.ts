import type { CloseCode } from './errors.js'
import type { TransportCounters } from './transport/transport.js'

/** What a server counts, since it was made. */
export interface ServerStats {
  readonly connectionsOpened: number
  readonly connectionsOpen: number
  /** Ends of connections, by their reason's code. */
  readonly closedBy: Readonly<Partial<Record<CloseCode, number>>>
  /** Messages that were dispatched, and their bytes on the wire. */
  readonly messagesIn: number
  readonly bytesIn: number
  /** Messages that `send…()` accepted, once per receiver, and their bytes on the wire. */
  readonly messagesOut: number
  readonly bytesOut: number
  /** Messages that `slowConsumer: 'drop-newest'` dropped. */
  readonly dropped: number
  readonly handlerErrors: number

  // Of the transport, which all endpoints of this thread share.

  /** Looks that found work, hand-overs of output, times that this thread was woken. */
  readonly takes: number
  readonly flushes: number
  readonly wakeUps: number
  /** Messages that came in as numbers, as bytes, and the share of the former, 0 to 1. */
  readonly tapeMessages: number
  readonly byteMessages: number
  readonly tapeShare: number
  /** Frames written, and the records that carried them: a broadcast is one of each. */
  readonly frames: number
  readonly records: number
  /** Turns of the engine's loop; 0 on `pure`, which has none of its own. */
  readonly engineTurns: number
}

/** What the connections of one endpoint count. */
export interface Counts {
  opened: number
  open: number
  readonly closedBy: Partial<Record<CloseCode, number>>
  messagesIn: number
  bytesIn: number
  messagesOut: number
  bytesOut: number
  dropped: number
  handlerErrors: number
}

export function newCounts(): Counts {
  return {
    opened: 0,
    open: 0,
    closedBy: {},
    messagesIn: 0,
    bytesIn: 0,
    messagesOut: 0,
    bytesOut: 0,
    dropped: 0,
    handlerErrors: 0,
  }
}

export function statsOf(counts: Counts, counters: TransportCounters): ServerStats {
  const { opened, open, closedBy, ...rest } = counts
  const { takes, flushes, wakeUps, tapeMessages, byteMessages, frames, records } = counters
  const inbound = tapeMessages + byteMessages
  return {
    connectionsOpened: opened,
    connectionsOpen: open,
    closedBy: { ...closedBy },
    ...rest,
    takes,
    flushes,
    wakeUps,
    tapeMessages,
    byteMessages,
    tapeShare: inbound === 0 ? 0 : tapeMessages / inbound,
    frames,
    records,
    engineTurns: counters.engineTurns,
  }
}
