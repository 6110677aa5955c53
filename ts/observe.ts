/**
 * What those hear who are no part of the game: subscribers of `node:diagnostics_channel`, and the log.
 * `repod:connection:open`, `repod:connection:close` and `repod:error` get the objects below.
 */
import { channel } from 'node:diagnostics_channel'
import type { Address } from './address.js'
import type { CloseReason, RepodError } from './errors.js'
import { visibleStack } from './escape.js'
import type { Fields, Log } from './logging.js'
import { isFault } from './reasons.js'

/** Whose connection it is: a Server with its Channel, or a Client or ConnectionListener. */
export interface Subject {
  readonly endpoint: object
  readonly channel?: object | undefined
  /** Of the channel. */
  readonly id?: number | undefined
}

/** Of `repod:connection:open`: a Channel was made, or a client was greeted. */
export interface OpenEvent {
  readonly endpoint: object
  readonly channel: object | undefined
  readonly address: Address
}

/** Of `repod:connection:close`, exactly once after each open. */
export interface CloseEvent extends OpenEvent {
  readonly reason: CloseReason
}

/** Of `repod:error`: what `onError` or `Network_error` is told. Without an address: not connected. */
export interface ErrorEvent {
  readonly endpoint: object
  readonly channel: object | undefined
  readonly address: Address | undefined
  readonly error: RepodError
}

export function observeOpen(log: Log, subject: Subject, address: Address): void {
  const { endpoint, channel, id } = subject
  if (opened.hasSubscribers) opened.publish({ endpoint, channel, address } satisfies OpenEvent)
  if (log.wants('debug')) {
    log.write('debug', 'OPENED', 'a connection began', { ...placeOf(address), channel: id })
  }
}

/** The end of a fault was logged as an error before. */
export function observeClose(
  log: Log,
  subject: Subject,
  address: Address,
  reason: CloseReason,
): void {
  const { endpoint, channel, id } = subject
  if (closed.hasSubscribers) {
    closed.publish({ endpoint, channel, address, reason } satisfies CloseEvent)
  }
  if (isFault(reason.code) || !log.wants('debug')) return
  const fields = { ...placeOf(address), channel: id, reason: reason.message }
  log.write('debug', reason.code, 'a connection ended', fields)
}

/** Whether it was for the log, which may still leave it out. */
export function observeError(
  log: Log,
  subject: Subject,
  address: Address | undefined,
  error: RepodError,
): boolean {
  const { endpoint, channel, id } = subject
  if (failed.hasSubscribers) {
    failed.publish({ endpoint, channel, address, error } satisfies ErrorEvent)
  }
  const code = error.code.replace('REPOD_ERR_', '')
  const isOurs = OURS.includes(code)
  const level = isOurs ? 'error' : 'warn'
  if (!log.wants(level)) return false
  const place = address === undefined ? {} : placeOf(address)
  const fields = { ...place, channel: id, error: error.message, detail: error.detail }
  const stack = isOurs ? visibleStack(error.cause) : undefined
  log.write(level, code, isOurs ? 'this side failed' : 'a connection failed', fields, stack)
  return true
}

/** A message that no method took: its action is a stranger's text. */
export function unhandled(log: Log, action: string, channel?: number): void {
  if (!log.wants('debug')) return
  log.write('debug', 'UNHANDLED', 'no method takes this message', { channel, action })
}

/** What the peer has no part in. */
const OURS = ['HANDLER_ERROR', 'INVALID_VALUE', 'NATIVE_PANIC']

function placeOf({ host, port }: Address): Fields {
  return { host, port }
}

const opened = channel('repod:connection:open')
const closed = channel('repod:connection:close')
const failed = channel('repod:error')
