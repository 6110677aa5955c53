/** Which transport an endpoint runs on, and why. One of each kind per environment, made when asked. */
import process from 'node:process'
import { RepodError, typeError } from '../errors.js'
import { AddonError } from './addon.js'
import { nativeTransport } from './native.js'
import { pureTransport } from './pure.js'
import type { Transport, TransportKind } from './transport.js'

export interface Selection {
  readonly transport: Transport
  /** In words, for `transportReason`. */
  readonly reason: string
}

/**
 * `auto` is what the variable `REPOD_TRANSPORT` says, else native where its binary loads and pure
 * elsewhere. An option other than `auto` counts more than the variable. Throws UNSUPPORTED where
 * native was asked for and does not load, INVALID_OPTION for a variable that names no transport.
 */
export function selectTransport(wanted: TransportKind | 'auto'): Selection {
  if (wanted !== 'auto') return demanded(wanted, `the option transport is '${wanted}'`)
  const variable = fromVariable(process.env['REPOD_TRANSPORT'])
  if (variable !== undefined) return demanded(variable, `REPOD_TRANSPORT is '${variable}'`)
  const loaded = native()
  if (!(loaded instanceof AddonError)) {
    return { transport: loaded, reason: 'the native engine is available' }
  }
  if (loaded.found) warnOnce(loaded)
  return { transport: pure(), reason: loaded.message }
}

function demanded(kind: TransportKind, reason: string): Selection {
  if (kind === 'pure') return { transport: pure(), reason }
  const loaded = native()
  if (!(loaded instanceof AddonError)) return { transport: loaded, reason }
  const message = `${reason}, but ${loaded.message}`
  throw new RepodError('REPOD_ERR_UNSUPPORTED', message, { cause: loaded })
}

/** Empty counts as not set: that is how a shell clears a variable for one command. */
function fromVariable(value: string | undefined): TransportKind | undefined {
  if (value === undefined || value === '') return undefined
  if (value === 'native' || value === 'pure') return value
  throw typeError('INVALID_OPTION', `REPOD_TRANSPORT must be native or pure, got '${value}'`)
}

let nativeOutcome: Transport | AddonError | undefined
let pureOutcome: Transport | undefined

/** Tried once: what did not load does not load later, and a process should not change in between. */
function native(): Transport | AddonError {
  nativeOutcome ??= tryNative()
  return nativeOutcome
}

function tryNative(): Transport | AddonError {
  try {
    return nativeTransport()
  } catch (error) {
    if (error instanceof AddonError) return error
    return new AddonError(`the native engine does not start: ${String(error)}`, true, error)
  }
}

function pure(): Transport {
  pureOutcome ??= pureTransport()
  return pureOutcome
}

let warned = false

/** A missing build is an ordinary platform; one that is there and does not work is news. */
function warnOnce(error: AddonError): void {
  if (warned) return
  warned = true
  const cause = error.cause as { readonly code?: unknown } | undefined
  process.emitWarning(`repod runs on its pure transport: ${error.message}`, {
    type: 'RepodWarning',
    code: 'REPOD_NATIVE_BROKEN',
    detail: String(cause?.code ?? error.cause ?? error.message),
  })
}
