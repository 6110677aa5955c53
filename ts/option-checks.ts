/** How the value of one option is checked: what is wrong with it is named with its range. */
import { rangeError, typeError } from './errors.js'
import type { Logger } from './logging.js'

export interface NumberSpec {
  readonly unit: string
  readonly server: number
  readonly client: number
  readonly min: number
  readonly max: number
}

/** `undefined` is absent; `null` is a value, and no option has it. */
export function given<T>(value: T | undefined, fallback: T): T {
  return value === undefined ? fallback : value
}

export function hostOf(host: unknown): string {
  if (typeof host === 'string' && host !== '') return host
  throw typeError('INVALID_OPTION', `host must be a non-empty string, got ${show(host)}`)
}

export function portOf(port: unknown, min: number): number {
  return numberOf('port', port, { unit: '', server: 0, client: 0, min, max: 65_535 })
}

export function numberOf(name: string, value: unknown, spec: NumberSpec): number {
  const unit = spec.unit === '' ? '' : ` (${spec.unit})`
  const range = `an integer from ${spec.min} to ${spec.max}${unit}`
  if (typeof value !== 'number') {
    throw typeError('INVALID_OPTION', `${name} must be ${range}, got ${show(value)}`)
  }
  if (!Number.isInteger(value) || value < spec.min || value > spec.max) {
    throw rangeError('INVALID_OPTION', `${name} must be ${range}, got ${value}`)
  }
  return value
}

export function choiceOf<T>(name: string, value: unknown, values: readonly T[]): T {
  if (values.includes(value as T)) return value as T
  const list = values.map((each) => show(each)).join(', ')
  throw typeError('INVALID_OPTION', `${name} must be one of ${list}, got ${show(value)}`)
}

export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'object' || typeof value === 'function') {
    return value === null ? 'null' : typeof value
  }
  return String(value)
}

/** A pino, or anything that has its four methods; called with fields and a text. */
export function checkLogger(logger: unknown): Logger | undefined {
  if (logger === undefined) return undefined
  const has = (level: string): boolean =>
    typeof (logger as Record<string, unknown>)[level] === 'function'
  if (typeof logger === 'object' && logger !== null && LOGGER_METHODS.every(has)) {
    return logger as Logger
  }
  throw typeError(
    'INVALID_OPTION',
    `logger must have the methods ${LOGGER_METHODS.join(', ')}, got ${show(logger)}`,
  )
}

const LOGGER_METHODS = ['debug', 'info', 'warn', 'error'] as const
