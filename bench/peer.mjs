/**
 * The server's side of a measurement: says which port it took, and answers the runner's lines on
 * stdin (`begin`, `end`, `counts`) with one JSON line each. When stdin ends, so does the process.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { WEIGHTS } from './payloads.mjs'

/** `{"action":"ack"}` answers every so many messages of one connection (the ingest cells). */
export const ACK_EVERY = 1_000
export const ACK = { action: 'ack' }
/** What is added up for a message: see payloads.mjs. */
export function weightOf(message) {
  return WEIGHTS[message.action](message)
}
/** What a repod server says first; servers that are none say it by hand. */
export const GREETING = { action: 'connected' }

/** Of the timer whose lateness is the loop's delay: fine enough, and 100 wake-ups a second. */
const RESOLUTION_MS = 10
const NS_PER_MS = 1e6

/** The role this process was started for, one of those that the peer has; or ends it. */
export function roleOf(roles) {
  const role = roles[process.argv[2]]
  if (role !== undefined) return role
  console.error(`usage: ${process.argv[1]} ${Object.keys(roles).join(' | ')}`)
  return process.exit(2)
}

/**
 * `counts()` answers `{ messages, sum }`: how many came, and the sum of WEIGHTS of them, so
 * that no decoder gets away with not reading them.
 */
export function ready(port, counts) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const answers = {
    begin() {
      delay.reset()
      return counts()
    },
    end() {
      const loopDelay = { p50: late(delay, 50), p99: late(delay, 99), max: late(delay, 100) }
      return { ...counts(), loopDelay }
    },
    counts,
  }
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => console.log(JSON.stringify({ [line]: answers[line]() })))
  lines.on('close', () => process.exit(0))
  delay.enable()
  console.log(`READY ${port}`)
}

/** Milliseconds by which the timer came late. */
function late(delay, percentile) {
  return Math.max(0, delay.percentile(percentile) / NS_PER_MS - RESOLUTION_MS)
}
