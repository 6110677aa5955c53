/**
 * Every code of the library, once. A close reason and `stats().closedBy` carry the bare name, a
 * `RepodError` carries `REPOD_ERR_` + the name; the compiler keeps the two spellings apart.
 */

/** How a connection ends when nothing went wrong. */
export const NORMAL_CLOSE_CODES = ['PEER_CLOSED', 'PEER_RESET', 'CLOSED', 'STOPPED'] as const

/** Why a connection is closed by this side, or how it failed. */
export const FAULT_CODES = [
  'FRAME_TOO_LARGE',
  'FRAME_EMPTY',
  'DECODE_ERROR',
  'INVALID_MESSAGE',
  'INVALID_ACTION',
  'HANDLER_ERROR',
  'SLOW_CONSUMER',
  'CONNECT_TIMEOUT',
  'NATIVE_PANIC',
  'EVICTED',
] as const

/** Failures of a call, never the reason of a close. */
export const CALL_CODES = [
  'LISTEN_FAILED',
  'CONNECT_FAILED',
  'ABORTED',
  'INVALID_STATE',
  'INVALID_OPTION',
  'INVALID_VALUE',
  'UNSUPPORTED',
] as const

/** What a decoder says beyond its code; see docs/wire-format. */
export const DETAILS = [
  'truncated',
  'reserved',
  'elements',
  'utf8',
  'ext',
  'depth',
  'map',
  'key',
  'trailing',
] as const

export type NormalCloseCode = (typeof NORMAL_CLOSE_CODES)[number]
export type FaultCode = (typeof FAULT_CODES)[number]
export type CallCode = (typeof CALL_CODES)[number]
export type CloseCode = NormalCloseCode | FaultCode
export type Detail = (typeof DETAILS)[number]
export type RepodErrorCode = `REPOD_ERR_${CloseCode | CallCode}`

/** How a connection ended below the seam; `CLOSED` answers a `close()`. */
export type EndCode = Extract<CloseCode, 'PEER_CLOSED' | 'PEER_RESET' | 'CLOSED' | 'NATIVE_PANIC'>

/** How a peer broke the wire format; `length` is what was refused, where it is one of length. */
export interface Fault {
  readonly code: FaultCode
  readonly detail?: Detail
  readonly length?: number
}

/** Why a connection ended, as this side saw it. Nothing of it travels on the wire. */
export interface CloseReason {
  readonly code: CloseCode
  readonly message: string
  readonly detail?: string
  readonly cause?: unknown
}

export interface RepodErrorOptions extends ErrorOptions {
  readonly detail?: string | undefined
  readonly unsent?: { readonly messages: number; readonly bytes: number } | undefined
}

/**
 * Every failure except a caller's fault, which is a `TypeError` or `RangeError` with a `code` of
 * the same form.
 */
export class RepodError extends Error {
  readonly code: RepodErrorCode
  /** As in the tables of docs/errors.md: `depth`, `elements` and so on. */
  declare readonly detail?: string
  /** Where connecting failed: what `send()` had accepted and was never sent. */
  declare readonly unsent?: { readonly messages: number; readonly bytes: number }

  constructor(code: RepodErrorCode, message: string, options?: RepodErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RepodError'
    this.code = code
    if (options?.detail !== undefined) this.detail = options.detail
    if (options?.unsent !== undefined) this.unsent = options.unsent
  }
}

/** A caller's fault: thrown at once, at the call. */
export type CallerError = (TypeError | RangeError) & { readonly code: RepodErrorCode }

export function typeError(code: CallCode | FaultCode, message: string): CallerError {
  return Object.assign(new TypeError(message), { code: `REPOD_ERR_${code}` as const })
}

export function rangeError(code: CallCode | FaultCode, message: string): CallerError {
  return Object.assign(new RangeError(message), { code: `REPOD_ERR_${code}` as const })
}

export function errorOf(reason: CloseReason): RepodError {
  return new RepodError(`REPOD_ERR_${reason.code}`, reason.message, {
    cause: reason.cause,
    detail: reason.detail,
  })
}
