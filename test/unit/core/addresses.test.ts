/** A name of several addresses: each has its share of the time. */
import { beforeEach, expect, test, vi } from 'vitest'
import { Dialing } from '../../../ts/dialing.js'
import { accountsOf } from '../../../ts/hub.js'
import { Inbox } from '../../../ts/inbox.js'
import { parseListenerOptions } from '../../../ts/options.js'
import { newCounts } from '../../../ts/stats.js'
import { ManualClock } from './manual-clock.js'
import { HERE, MemoryTransport, settled } from './memory-transport.js'

vi.mock('node:dns/promises', () => ({
  lookup: async () => ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => ({ address })),
}))

let transport: MemoryTransport
let clock: ManualClock

beforeEach(() => {
  transport = new MemoryTransport()
  clock = new ManualClock()
})

async function connect(connectTimeout: number): Promise<() => string> {
  const options = parseListenerOptions({ connectTimeout })
  const endTurn = () => accountsOf(transport).endTurn()
  const inbox = new Inbox('auto', transport, endTurn, options, clock)
  const dialing = new Dialing({
    transport,
    options,
    inbox,
    counts: newCounts(),
    clock,
    audience: { receiver: undefined, endpoint: {}, onDrain: () => undefined },
  })
  let outcome = 'pending'
  dialing.connect('game.example', 5071, undefined, true).then(
    () => {
      outcome = 'connected'
    },
    (error: { code: string }) => {
      outcome = error.code
    },
  )
  await settled()
  return () => outcome
}

/** Dials so far. */
function dials(): string[] {
  return transport.calls.filter((call) => call.startsWith('dial'))
}

test('an address that does not answer leaves the next ones an equal share of what is left', async () => {
  const outcome = await connect(9_000)
  expect(dials()).toEqual(['dial 10.0.0.1 5071'])
  clock.advance(2_999)
  await settled()
  expect(dials()).toHaveLength(1)
  clock.advance(1)
  await settled()
  expect(dials()).toEqual(['dial 10.0.0.1 5071', 'dial 10.0.0.2 5071'])
  clock.advance(3_000)
  await settled()
  expect(dials().at(-1)).toBe('dial 10.0.0.3 5071')
  // Of the transport: a dial gives up the one before.
  transport.newest.refuses('ECANCELED')
  transport.newest.refuses('ECANCELED')
  transport.events.opened(5, HERE)
  transport.newest.dialled()
  transport.events.message(5, 'connected', { action: 'connected' }, 10)
  await settled()
  expect(outcome()).toBe('connected')
})

test('an address that refuses at once leaves its share to the others', async () => {
  await connect(9_000)
  transport.newest.refuses('ECONNREFUSED')
  await settled()
  expect(dials()).toHaveLength(2)
  clock.advance(4_499)
  await settled()
  expect(dials()).toHaveLength(2)
  clock.advance(1)
  await settled()
  expect(dials()).toHaveLength(3)
})

test('a share is never below 250 ms, though the last addresses may then have none', async () => {
  const outcome = await connect(300)
  clock.advance(249)
  await settled()
  expect(dials()).toHaveLength(1)
  clock.advance(1)
  await settled()
  expect(dials()).toHaveLength(2)
  clock.advance(50)
  await settled()
  expect(dials()).toHaveLength(2)
  expect(outcome()).toBe('REPOD_ERR_CONNECT_TIMEOUT')
})

test('an address that answers after its share is taken, and the next one is reset', async () => {
  const outcome = await connect(9_000)
  clock.advance(3_000)
  await settled()
  transport.events.opened(5, HERE)
  transport.newest.dialled()
  transport.events.opened(6, HERE)
  transport.newest.dialled()
  expect(transport.calls).toContain('close 6 0')
  transport.events.closed(6, 'CLOSED')
  expect(transport.calls).toContain('release 6')
  transport.events.message(5, 'connected', { action: 'connected' }, 10)
  await settled()
  expect(outcome()).toBe('connected')
})

test('it is taken also where all others refuse', async () => {
  const outcome = await connect(9_000)
  clock.advance(3_000)
  await settled()
  transport.events.opened(5, HERE)
  transport.newest.dialled()
  transport.newest.refuses('ECONNREFUSED')
  await settled()
  transport.events.message(5, 'connected', { action: 'connected' }, 10)
  await settled()
  expect(outcome()).toBe('connected')
})
