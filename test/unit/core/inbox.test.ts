import { beforeEach, describe, expect, test } from 'vitest'
import { Inbox, type InboxMode, type Recipient } from '../../../ts/inbox.js'
import { ManualClock } from './manual-clock.js'
import { MemoryTransport } from './memory-transport.js'

let transport: MemoryTransport
let clock: ManualClock
let log: string[]
let turns: number

beforeEach(() => {
  transport = new MemoryTransport()
  clock = new ManualClock()
  log = []
  turns = 0
})

const LIMITS = {
  inboundQueueMessages: 4,
  inboundQueueBytes: 1_000,
  maxInboundTotal: 10_000,
  dispatchTimeBudget: 2,
}

function inboxOf(mode: InboxMode, limits: Partial<typeof LIMITS> = {}): Inbox {
  return new Inbox(mode, transport, () => turns++, { ...LIMITS, ...limits }, clock)
}

/** A connection that writes down what reaches it. */
class Player implements Recipient {
  waitingMessages = 0
  waitingBytes = 0
  isReceiving = true
  isHeld = false
  onMessage: ((action: string) => void) | undefined
  receive(action: string): void {
    log.push(action)
    this.onMessage?.(action)
  }
  handedOut(): void {}
  holdBack(on: boolean): void {
    this.isHeld = on
  }
}

function tell(inbox: Inbox, player: Player, ...actions: string[]): void {
  for (const action of actions) inbox.message(player, action, { action }, 10)
}

describe('an auto inbox', () => {
  test('passes on at once', () => {
    const inbox = inboxOf('auto')
    const player = new Player()
    inbox.event(() => log.push('opened'))
    tell(inbox, player, 'a', 'b')
    expect(log).toEqual(['opened', 'a', 'b'])
    expect(player.waitingMessages).toBe(0)
  })

  test('keeps what a look of another endpoint collects, for the next turn, before what is newer', () => {
    const inbox = inboxOf('auto')
    const player = new Player()
    transport.collecting = true
    tell(inbox, player, 'a', 'b')
    transport.collecting = false
    expect(log).toEqual([])
    tell(inbox, player, 'c')
    expect(log).toEqual([])
    clock.turn()
    expect(log).toEqual(['a', 'b', 'c'])
    tell(inbox, player, 'd')
    expect(log).toEqual(['a', 'b', 'c', 'd'])
  })

  test('keeps what comes inside a handler of its own endpoint', () => {
    const inbox = inboxOf('auto')
    const player = new Player()
    player.onMessage = (action) => {
      if (action === 'a') tell(inbox, player, 'nested')
      log.push(`end of ${action}`)
    }
    tell(inbox, player, 'a')
    clock.turn()
    expect(log).toEqual(['a', 'end of a', 'nested', 'end of nested'])
  })

  test('gives what waits dispatchTimeBudget per turn, the clock being read every 32 messages', () => {
    const inbox = inboxOf('auto', { inboundQueueMessages: 1_000 })
    const player = new Player()
    transport.collecting = true
    tell(inbox, player, ...Array.from({ length: 100 }, (_, index) => `m${index}`))
    transport.collecting = false
    clock.tick = 1.5
    const after: number[] = []
    while (clock.turn() > 0) after.push(log.length)
    expect(after).toEqual([64, 100])
  })

  test('pump() looks and dispatches too', () => {
    const inbox = inboxOf('auto')
    const player = new Player()
    transport.found.push(() => tell(inbox, player, 'a', 'b'))
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(2)
    expect(log).toEqual(['a', 'b'])
  })
})

describe('a pumped inbox', () => {
  test('keeps everything, events among the messages, until pump()', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    inbox.event(() => log.push('opened'))
    tell(inbox, player, 'a')
    inbox.event(() => log.push('closed'))
    expect(log).toEqual([])
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(1)
    expect(log).toEqual(['opened', 'a', 'closed'])
    expect(clock.turn()).toBe(0)
  })

  test('flushes, ends the turn and looks before it dispatches', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    transport.found.push(() => {
      log.push(`look after ${transport.counters.flushes} flush and ${turns} turn`)
      tell(inbox, player, 'a')
    })
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(1)
    expect(log).toEqual(['look after 1 flush and 1 turn', 'a'])
  })

  test('dispatches at most as many messages as it is asked for', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    tell(inbox, player, 'a', 'b', 'c')
    expect(inbox.pump(2)).toBe(2)
    expect(inbox.pump(2)).toBe(1)
    expect(inbox.pump(2)).toBe(0)
    expect(log).toEqual(['a', 'b', 'c'])
  })

  test('has no time budget', () => {
    const inbox = inboxOf('pump', { inboundQueueMessages: 10_000 })
    const player = new Player()
    tell(inbox, player, ...Array.from({ length: 1_000 }, (_, index) => `m${index}`))
    clock.tick = 1_000
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(1_000)
  })

  test('pump() is 0 inside a handler of its own, and inside a walk', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    const inner: number[] = []
    player.onMessage = () => void inner.push(inbox.pump(Number.POSITIVE_INFINITY))
    tell(inbox, player, 'a', 'b')
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(2)
    expect(inner).toEqual([0, 0])
    transport.writing = true
    tell(inbox, player, 'c')
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(0)
    expect(log).toEqual(['a', 'b'])
  })

  test('leaves to the next pump() what comes while it runs', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    player.onMessage = () => tell(inbox, player, 'again')
    tell(inbox, player, 'a')
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(1)
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(1)
    expect(log).toEqual(['a', 'again'])
  })

  test('drops what waits for a connection whose end is decided', () => {
    const inbox = inboxOf('pump')
    const [leaving, staying] = [new Player(), new Player()]
    leaving.onMessage = () => {
      leaving.isReceiving = false
    }
    tell(inbox, leaving, 'a', 'b')
    tell(inbox, staying, 'c')
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(2)
    expect(log).toEqual(['a', 'c'])
    expect([leaving.waitingMessages, leaving.waitingBytes]).toEqual([0, 0])
  })

  test('goes on after a handler that threw past every guard', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    inbox.event(() => {
      throw new Error('a defect')
    })
    tell(inbox, player, 'a')
    expect(() => inbox.pump(Number.POSITIVE_INFINITY)).toThrow('a defect')
    expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(1)
  })

  test('dispatches all and passes on at once, from settle() to reopen()', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    tell(inbox, player, 'a')
    inbox.settle()
    tell(inbox, player, 'b')
    expect(log).toEqual(['a', 'b'])
    inbox.reopen()
    tell(inbox, player, 'c')
    expect(log).toEqual(['a', 'b'])
  })
})

describe('the bound of a pump', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, '1', null, 1n])(
    'is a positive integer or Infinity, not %s',
    (max) => {
      const inbox = inboxOf('pump')
      tell(inbox, new Player(), 'a')
      const pump = () => inbox.pump(max as number)
      expect(pump).toThrow(RangeError)
      expect(pump).toThrow(expect.objectContaining({ code: 'REPOD_ERR_INVALID_VALUE' }))
      expect(pump).toThrow('maxMessages must be a positive integer or Infinity, got ')
      expect(log).toEqual([])
      expect(inbox.pump(Number.POSITIVE_INFINITY)).toBe(1)
    },
  )
})

describe('the bounds of an inbox', () => {
  test('hold a connection back at inboundQueueMessages, until half is dispatched', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    tell(inbox, player, 'a', 'b', 'c')
    expect(player.isHeld).toBe(false)
    tell(inbox, player, 'd')
    expect(player.isHeld).toBe(true)
    inbox.pump(1)
    expect(player.isHeld).toBe(true)
    inbox.pump(1)
    expect(player.isHeld).toBe(false)
  })

  test('hold a connection back at inboundQueueBytes', () => {
    const inbox = inboxOf('pump', { inboundQueueMessages: 1_000, inboundQueueBytes: 30 })
    const player = new Player()
    tell(inbox, player, 'a', 'b')
    expect(player.isHeld).toBe(false)
    tell(inbox, player, 'c')
    expect(player.isHeld).toBe(true)
    inbox.pump(1)
    expect(player.isHeld).toBe(true)
    inbox.pump(1)
    expect(player.isHeld).toBe(false)
  })

  test('of one message let one at a time through', () => {
    const inbox = inboxOf('pump', { inboundQueueMessages: 1 })
    const player = new Player()
    tell(inbox, player, 'a')
    expect(player.isHeld).toBe(true)
    inbox.pump(1)
    expect(player.isHeld).toBe(false)
  })

  test('of all connections together say once when they are met, and once at half', () => {
    const inbox = inboxOf('pump', { maxInboundTotal: 40 })
    const [one, other] = [new Player(), new Player()]
    const said: boolean[] = []
    inbox.onFull = (on) => said.push(on)
    tell(inbox, one, 'a', 'b')
    tell(inbox, other, 'c')
    expect(said).toEqual([])
    tell(inbox, other, 'd', 'e')
    expect(said).toEqual([true])
    expect([inbox.isFull, inbox.waitingBytes]).toEqual([true, 50])
    inbox.pump(2)
    expect(said).toEqual([true])
    inbox.pump(1)
    expect(said).toEqual([true, false])
    inbox.pump(Number.POSITIVE_INFINITY)
    expect([inbox.isFull, inbox.waitingBytes]).toEqual([false, 0])
  })

  test('forget what a connection held outside of the queue', () => {
    const inbox = inboxOf('pump', { maxInboundTotal: 20 })
    const player = new Player()
    inbox.hold(player, 30)
    expect(inbox.isFull).toBe(true)
    inbox.forget(player)
    expect([inbox.isFull, inbox.waitingBytes, player.waitingBytes]).toEqual([false, 0, 0])
  })

  test('are each connection’s own', () => {
    const inbox = inboxOf('pump')
    const [busy, idle] = [new Player(), new Player()]
    tell(inbox, busy, 'a', 'b', 'c', 'd')
    tell(inbox, idle, 'e')
    expect([busy.isHeld, idle.isHeld]).toEqual([true, false])
  })
})

describe('a pulled inbox', () => {
  test('hands out one message after the other, events in between', () => {
    const inbox = inboxOf('pull')
    const player = new Player()
    tell(inbox, player, 'a')
    inbox.event(() => log.push('event'))
    tell(inbox, player, 'b')
    expect(inbox.read()).toEqual({ action: 'a' })
    expect(log).toEqual([])
    expect(inbox.read()).toEqual({ action: 'b' })
    expect(log).toEqual(['event'])
    expect(inbox.read()).toBeUndefined()
  })

  test('looks where it is empty, and only there', () => {
    const inbox = inboxOf('pull')
    const player = new Player()
    transport.found.push(() => tell(inbox, player, 'b'))
    tell(inbox, player, 'a')
    expect(inbox.read()).toEqual({ action: 'a' })
    expect(turns).toBe(0)
    expect(inbox.read()).toEqual({ action: 'b' })
    expect(turns).toBe(1)
  })

  test('tells of each arrival, and lets what has no order with messages pass', () => {
    const inbox = inboxOf('pull')
    let arrivals = 0
    inbox.onArrival = () => arrivals++
    tell(inbox, new Player(), 'a')
    inbox.aside(() => log.push('drained'))
    expect(arrivals).toBe(1)
    expect(log).toEqual(['drained'])
  })
})

describe('what a handler sets off', () => {
  test('comes at once inside a handler, in order elsewhere, and never inside a walk', () => {
    const inbox = inboxOf('pump')
    const player = new Player()
    player.onMessage = () => inbox.consequence(() => log.push('at once'))
    tell(inbox, player, 'a')
    inbox.consequence(() => log.push('in order'))
    inbox.pump(Number.POSITIVE_INFINITY)
    expect(log).toEqual(['a', 'at once', 'in order'])
  })

  test('comes later where its caller is in the middle of something', () => {
    const inbox = inboxOf('auto')
    inbox.later(() => log.push('later'))
    expect(log).toEqual([])
    clock.turn()
    expect(log).toEqual(['later'])
  })
})
