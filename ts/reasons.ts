/** Why a connection ended, in words. */
import type { CloseCode, CloseReason, EndCode, Fault, FaultCode } from './errors.js'
import { FAULT_CODES } from './errors.js'
import type { EndpointOptions } from './options.js'

export function faultReason(fault: Fault, options: EndpointOptions): CloseReason {
  const message = faultText(fault, options)
  if (fault.detail === undefined) return { code: fault.code, message }
  return { code: fault.code, message, detail: fault.detail }
}

export function endReason(code: EndCode): CloseReason {
  return { code, message: END_TEXTS[code] }
}

export function closedHere(message: string = END_TEXTS.CLOSED): CloseReason {
  return { code: 'CLOSED', message }
}

export function stopped(): CloseReason {
  return { code: 'STOPPED', message: 'the server stopped' }
}

export function handlerReason(error: unknown): CloseReason {
  return { code: 'HANDLER_ERROR', message: `a handler threw: ${textOf(error)}`, cause: error }
}

export function slowReason(buffered: number, frame: number, limit: number): CloseReason {
  const message = `the peer reads too slowly: ${buffered} bytes wait, ${frame} more exceed maxBufferedOut (${limit})`
  return { code: 'SLOW_CONSUMER', message }
}

export function evictedReason(buffered: number, limit: number): CloseReason {
  const message = `maxBufferedTotal (${limit}) is reached, and ${buffered} bytes that wait here are among the most`
  return { code: 'EVICTED', message }
}

export function isFault(code: CloseCode): code is FaultCode {
  return (FAULT_CODES as readonly CloseCode[]).includes(code)
}

/** What was thrown may be anything, and may throw again when it is asked for its text. */
export function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'a value without a text'
  }
}

function faultText({ code, detail, length }: Fault, options: EndpointOptions): string {
  switch (code) {
    case 'FRAME_TOO_LARGE':
      return `the peer announced a frame of ${length} bytes, maxFrameLength is ${options.maxFrameLength}`
    case 'FRAME_EMPTY':
      return 'the peer sent a frame without a payload'
    case 'DECODE_ERROR':
      return `the peer sent a payload that is not accepted (${detail})`
    case 'INVALID_MESSAGE':
      return 'the peer sent a payload that is no map with an action'
    case 'INVALID_ACTION':
      return `the peer sent an action that is no text of at most ${options.maxActionLength} bytes`
    default:
      return `the connection failed (${code})`
  }
}

const END_TEXTS: Readonly<Record<EndCode, string>> = {
  PEER_CLOSED: 'the peer closed the connection',
  PEER_RESET: 'the peer reset the connection',
  CLOSED: 'closed by this side',
  NATIVE_PANIC: 'the native engine failed',
}
