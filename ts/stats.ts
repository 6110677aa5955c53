import type { CloseCode } from './errors.js'
import type { TransportCounters } from './transport/transport.js'

/** What a server counts, since it was made. */
export interface ServerStats {
  /** Connections that were given a Channel, and those of them whose end was not handled yet. */
  readonly connectionsOpened: number
  readonly connectionsOpen: number
  /** Connections that were accepted and reset, by the limit that they would have exceeded. */
  readonly refusedBy: Readonly<Record<ConnectionLimit, number>>
  /** Ends of connections, by their reason's code. */
  readonly closedBy: Readonly<Partial<Record<CloseCode, number>>>
  /** Messages that were dispatched, and their bytes on the wire. */
  readonly messagesIn: number
  readonly bytesIn: number
  /** Messages that `send…()` accepted, once per receiver, and their bytes on the wire. */
  readonly messagesOut: number
  readonly bytesOut: number
  /** Bytes that wait: for their handlers (see `maxInboundTotal`), to be sent (`maxBufferedTotal`). */
  readonly inboundBytes: number
  readonly bufferedBytes: number
  /** Messages that `slowConsumer: 'drop-newest'` dropped. */
  readonly dropped: number
  /** Handlers that threw or rejected. */
  readonly handlerErrors: number
  /** Lines that `logLines` kept from the log. */
  readonly logLinesLeftOut: number

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
  readonly refusedBy: Record<ConnectionLimit, number>
  readonly closedBy: Partial<Record<CloseCode, number>>
  messagesIn: number
  bytesIn: number
  messagesOut: number
  bytesOut: number
  dropped: number
  handlerErrors: number
  logLinesLeftOut: number
}

/** The limits of a server that refuse a connection. */
export type ConnectionLimit = 'maxConnections' | 'maxConnectionsPerIp'

export function newCounts(): Counts {
  return {
    opened: 0,
    open: 0,
    refusedBy: { maxConnections: 0, maxConnectionsPerIp: 0 },
    closedBy: {},
    messagesIn: 0,
    bytesIn: 0,
    messagesOut: 0,
    bytesOut: 0,
    dropped: 0,
    handlerErrors: 0,
    logLinesLeftOut: 0,
  }
}

/** What waits now, in bytes. */
export interface Waiting {
  readonly inboundBytes: number
  readonly bufferedBytes: number
}

export function statsOf(
  counts: Counts,
  counters: TransportCounters,
  waiting: Waiting,
): ServerStats {
  const { opened, open, refusedBy, closedBy, ...rest } = counts
  const { takes, flushes, wakeUps, tapeMessages, byteMessages, frames, records } = counters
  const inbound = tapeMessages + byteMessages
  return {
    connectionsOpened: opened,
    connectionsOpen: open,
    refusedBy: { ...refusedBy },
    closedBy: { ...closedBy },
    ...rest,
    ...waiting,
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
