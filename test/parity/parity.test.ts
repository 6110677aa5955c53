/**
 * Native and pure are one library: the same generated session leaves the same transcript on both.
 * A failure prints its seed and shrinks; `REPOD_SEED` plays it again.
 */
import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { runClientSession } from './run-client.js'
import { count, runServerSession, type Tally } from './run-server.js'
import { clientSession, serverSession } from './session.js'

const full = process.env['REPOD_FULL'] === '1'
const seed = Number(process.env['REPOD_SEED'] ?? randomInt(2 ** 31))
const serverRuns = full ? 4_000 : 300
const clientRuns = full ? 1_500 : 200

const CODES = [
  ...['PEER_CLOSED', 'PEER_RESET', 'CLOSED', 'STOPPED', 'FRAME_TOO_LARGE', 'FRAME_EMPTY'],
  ...['DECODE_ERROR', 'INVALID_MESSAGE', 'INVALID_ACTION', 'HANDLER_ERROR', 'SLOW_CONSUMER'],
  'CONNECT_TIMEOUT',
]
const KINDS = [
  ...['connect', 'receive', 'send', 'broadcast', 'fault', 'throw', 'fin', 'reset', 'close'],
  'overflow',
]

const tally: Tally = new Map()

describe(`native and pure leave the same transcript (seed ${seed})`, () => {
  it(`in ${serverRuns} sessions of a server`, { timeout: 20 * 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(serverSession, async (session) => {
        count(tally, 'server sessions')
        const pure = await runServerSession('pure', session, new Map())
        const native = await runServerSession('native', session, tally)
        expect(native).toBe(pure)
      }),
      { seed, numRuns: serverRuns, endOnFailure: false },
    )
  })

  it(`in ${clientRuns} sessions of a client`, { timeout: 20 * 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(clientSession, async (session) => {
        count(tally, 'client sessions')
        const pure = await runClientSession('pure', session, new Map())
        const native = await runClientSession('native', session, tally)
        expect(native).toBe(pure)
      }),
      { seed, numRuns: clientRuns, endOnFailure: false },
    )
  })

  it('and each kind of event and each reachable code was among them', () => {
    for (const kind of KINDS) expect(tally.get(kind) ?? 0, kind).toBeGreaterThanOrEqual(100)
    for (const code of CODES) {
      expect(tally.get(`code ${code}`) ?? 0, code).toBeGreaterThanOrEqual(20)
    }
  })
})

afterAll(() => {
  const counts = [...tally].sort().map(([what, n]) => `${what} ${n}`)
  console.log(`parity, seed ${seed}:\n  ${counts.join('\n  ')}`)
})
