/**
 * What the library has to say beside its callbacks: nothing, until the program asks. Lines are
 * bounded per code and second, and what a peer wrote is escaped and cut before it enters one.
 */
import { type Clock, systemClock } from './clock.js'
import { complaints } from './complaints.js'
import { RepodError, typeError } from './errors.js'
import { visible } from './escape.js'
import { checkLogger, choiceOf } from './option-checks.js'
import type { EndpointOptions } from './options.js'
import { textOf } from './reasons.js'
import type { Counts } from './stats.js'

/** What is called of a logger: pino's form, fields first. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LoggingOptions {
  /** The least that is logged; `silent` (the beginning) logs nothing. */
  level: LogLevel | 'silent'
  /** Where it goes; by default one line each to stderr. */
  logger?: Logger | undefined
}

/**
 * For all servers and clients of this thread that have no `logger` of their own, from now on:
 * connections that begin (`debug`), end (`debug`, a fault `warn`) or are refused (`warn`), servers
 * that start and stop (`info`), handlers that throw (`error`), messages that have none (`debug`).
 * An option that is wrong throws a TypeError.
 */
export function configureLogging(options: LoggingOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw typeError('INVALID_OPTION', 'configureLogging() takes an object')
  }
  for (const name of Object.keys(options)) {
    if (name === 'level' || name === 'logger') continue
    throw typeError('INVALID_OPTION', `${name} is no option of configureLogging`)
  }
  const { level } = options
  const logger = checkLogger(options.logger) ?? linesToStderr
  configured = choiceOf('level', level, LEVELS) === 'silent' ? undefined : { level, logger }
}

/** What is known about a line's subject: numbers, and texts that are escaped on their way. */
export type Fields = Readonly<Record<string, string | number | undefined>>

/** The log of one server or client. */
export class Log {
  readonly #logger: Logger | undefined
  readonly #perSecond: number
  readonly #counts: Pick<Counts, 'logLinesLeftOut'>
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(
    options: Pick<EndpointOptions, 'logger' | 'logLines'>,
    counts: Pick<Counts, 'logLinesLeftOut'>,
    clock: Clock = systemClock,
  ) {
    this.#logger = options.logger
    this.#perSecond = options.logLines
    this.#counts = counts
    this.#clock = clock
  }

  /** Whether anybody would read it; asked before a line costs anything. */
  wants(level: LogLevel): boolean {
    if (this.#logger !== undefined) return true
    return configured !== undefined && LEVELS.indexOf(level) >= LEVELS.indexOf(configured.level)
  }

  /** `message` is our own text; what others wrote stands in the fields, the calls in `stack`. */
  write(level: LogLevel, code: string, message: string, fields: Fields = {}, stack = ''): void {
    if (!this.wants(level)) return
    const window = this.#windowOf(code)
    if (window.lines >= this.#perSecond) {
      window.leftOut++
      this.#counts.logLinesLeftOut++
      return
    }
    window.lines++
    const all: Record<string, string | number> = { code }
    for (const [name, value] of Object.entries<string | number | undefined>(fields)) {
      if (value !== undefined) all[name] = typeof value === 'string' ? visible(value) : value
    }
    if (stack !== '') all['stack'] = stack.replaceAll(/\n\s*/g, ' | ')
    if (window.leftOut > 0) all['leftOut'] = window.leftOut
    window.leftOut = 0
    this.#hand(level, all, message)
  }

  /** A logger that throws must not end what it was told of, which may be all players' game. */
  #hand(level: LogLevel, fields: object, message: string): void {
    const logger = this.#logger ?? configured?.logger
    try {
      logger?.[level](fields, message)
    } catch (cause) {
      const text = `the logger threw: ${visible(textOf(cause))}`
      complaints.print(new RepodError('REPOD_ERR_HANDLER_ERROR', text, { cause }))
    }
  }

  #windowOf(code: string): Window {
    const now = this.#clock.now()
    let window = this.#windows.get(code)
    if (window === undefined) {
      window = { since: now, lines: 0, leftOut: 0 }
      this.#windows.set(code, window)
    } else if (now - window.since >= SECOND) {
      window.since = now
      window.lines = 0
    }
    return window
  }
}

interface Window {
  since: number
  lines: number
  /** Since the last line of this code. */
  leftOut: number
}

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
const SECOND = 1_000

let configured: { readonly level: LogLevel | 'silent'; readonly logger: Logger } | undefined

/** `2026-01-01T12:00:00.000Z WARN repod: a text code=DECODE_ERROR channel=7` */
const linesToStderr: Logger = {
  debug: (fields, message) => writeLine('DEBUG', fields, message),
  info: (fields, message) => writeLine('INFO', fields, message),
  warn: (fields, message) => writeLine('WARN', fields, message),
  error: (fields, message) => writeLine('ERROR', fields, message),
}

function writeLine(level: string, fields: object, message: string): void {
  const pairs = Object.entries(fields).map(
    ([name, value]) => ` ${name}=${/[\s"=]/.test(String(value)) ? JSON.stringify(value) : value}`,
  )
  process.stderr.write(`${new Date().toISOString()} ${level} repod: ${message}${pairs.join('')}\n`)
}
