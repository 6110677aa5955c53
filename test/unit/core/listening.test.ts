import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ChannelLink } from '../../../ts/channel-link.js'
import { accountsOf } from '../../../ts/hub.js'
import { Inbox } from '../../../ts/inbox.js'
import { Channel, type Server, type ServerOptions } from '../../../ts/index.js'
import { Listening } from '../../../ts/listening.js'
import { parseServerOptions } from '../../../ts/options.js'
import { Roster } from '../../../ts/roster.js'
import { type Counts, newCounts } from '../../../ts/stats.js'
import { Arena, log, Player } from './arena.js'
import { ManualClock } from './manual-clock.js'
import { HERE, MemoryTransport, settled } from './memory-transport.js'

let transport: MemoryTransport
let clock: ManualClock

interface Setup {
  readonly listening: Listening
  readonly inbox: Inbox
  readonly roster: Roster
  readonly counts: Counts
}

/** A server's parts over the memory transport; the server itself is there for its hooks. */
function listen(options: ServerOptions = {}, server: Server<Player> = new Arena(PURE)): Setup {
  const parsed = parseServerOptions(options)
  const counts = newCounts()
  const endTurn = (): void => accountsOf(transport).endTurn()
  const inbox = new Inbox(parsed.dispatch, transport, endTurn, parsed, clock)
  const { onError, networkReceived } = Channel.prototype
  const roster = new Roster(server as never, transport, parsed, counts, {
    class: Channel,
    onError,
    networkReceived,
  })
  const listening = new Listening({
    transport,
    options: parsed,
    inbox,
    counts,
    clock,
    link: (hub, connection, address) => new ChannelLink(hub, connection, address, roster),
  })
  return { listening, inbox, roster, counts }
}
const PURE = { transport: 'pure' } as const

function join(...connections: number[]): void {
  for (const connection of connections) transport.events.opened(connection, HERE)
}
function receive(connection: number, ...actions: string[]): void {
  for (const action of actions) transport.events.message(connection, action, { action }, 20)
}

beforeEach(() => {
  transport = new MemoryTransport()
  clock = new ManualClock()
  log.length = 0
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('a connection', () => {
  test('is greeted first, then has its Channel, then its messages', () => {
    listen()
    join(1)
    expect(transport.posted).toEqual([{ action: 'connected', to: [1] }])
    receive(1, 'a')
    expect(log).toEqual(['connect 1', 'a to 1'])
  })

  test('of a pumped server is greeted and made quiet at once, the rest waits', () => {
    const { inbox, roster } = listen({ dispatch: 'pump' })
    join(1)
    expect(transport.calls).toEqual(['post connected to 1', 'quiet 1 true'])
    receive(1, 'a')
    transport.events.closed(1, 'PEER_CLOSED')
    expect([log, roster.channels.size]).toEqual([[], 0])
    inbox.pump(Number.POSITIVE_INFINITY)
    expect(log).toEqual([
      'connect 1',
      'a to 1',
      expect.stringMatching(/^close 1 PEER_CLOSED, sends \d\d$/),
      expect.stringMatching(/^disconnect 1 PEER_CLOSED, sends \d\d$/),
    ])
  })

  test('whose peer ends takes what is sent up to the return of onDisconnect, and no more', () => {
    const { roster, counts } = listen()
    join(1)
    const [channel] = roster.channels
    transport.events.closed(1, 'PEER_CLOSED')
    expect(log.slice(1).join()).toMatch(/^close 1 PEER_CLOSED, sends 1\d,disconnect .* sends 1\d$/)
    expect(channel?.send({ action: 'after' })).toBe(0)
    expect(transport.calls.slice(-3)).toEqual(['post late to 1', 'post last to 1', 'release 1'])
    expect(roster.channels.size).toBe(0)
    expect(counts.closedBy).toEqual({ PEER_CLOSED: 1 })
  })

  test('that we close dispatches nothing more, and ends when its FIN is out', () => {
    listen()
    join(1)
    receive(1, 'close', 'a', 'b')
    expect(log).toEqual(['connect 1'])
    transport.events.closed(1, 'CLOSED')
    expect(log.slice(1)).toEqual(['close 1 CLOSED, sends 0', 'disconnect 1 CLOSED, sends 0'])
    expect(transport.calls.slice(-2)).toEqual(['close 1 5000', 'release 1'])
  })

  test('whose handler throws is closed with HANDLER_ERROR, told once', async () => {
    const { counts } = listen()
    join(1, 2)
    receive(1, 'bad', 'a')
    receive(2, 'badLater')
    await settled()
    receive(2, 'a')
    transport.events.closed(1, 'CLOSED')
    transport.events.closed(2, 'CLOSED')
    expect(log.filter((each) => each.startsWith('error'))).toEqual([
      'error 1 REPOD_ERR_HANDLER_ERROR',
      'error 2 REPOD_ERR_HANDLER_ERROR',
    ])
    expect(log).not.toContain('a to 1')
    expect(log).not.toContain('a to 2')
    expect([counts.handlerErrors, counts.closedBy]).toEqual([2, { HANDLER_ERROR: 2 }])
  })

  test('goes on after each handler error where they are only to be reported', () => {
    const { counts } = listen({ onHandlerError: 'report' })
    join(1)
    receive(1, 'bad', 'a', 'bad', 'b')
    expect(log).toEqual([
      'connect 1',
      'error 1 REPOD_ERR_HANDLER_ERROR',
      'a to 1',
      'error 1 REPOD_ERR_HANDLER_ERROR',
      'b to 1',
    ])
    expect(counts.handlerErrors).toBe(2)
  })

  test('whose peer breaks the wire is closed after what came before, told once', () => {
    const { inbox } = listen({ dispatch: 'pump' })
    join(1)
    receive(1, 'a')
    transport.events.fault(1, { code: 'FRAME_TOO_LARGE', length: 99_999 })
    inbox.pump(Number.POSITIVE_INFINITY)
    expect(log).toEqual(['connect 1', 'a to 1', 'error 1 REPOD_ERR_FRAME_TOO_LARGE'])
    transport.events.closed(1, 'CLOSED')
    expect(transport.calls).toContain('release 1')
    inbox.pump(Number.POSITIVE_INFINITY)
    expect(log.at(-1)).toBe('disconnect 1 FRAME_TOO_LARGE, sends 0')
  })

  test('whose Channel cannot be made is closed and counted, and calls no hook', () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
    class Broken extends Player {
      constructor(init: ConstructorParameters<typeof Channel>[0]) {
        super(init)
        throw new Error('no')
      }
    }
    class BrokenArena extends Arena {
      override channelClass = Broken
    }
    const { counts, roster } = listen({}, new BrokenArena(PURE))
    join(1)
    receive(1, 'a')
    transport.events.closed(1, 'CLOSED')
    expect(log).toEqual([])
    expect([counts.closedBy, counts.open, roster.channels.size]).toEqual([
      { HANDLER_ERROR: 1 },
      0,
      0,
    ])
    expect(warned).toHaveBeenCalledOnce()
  })

  test('on the index of a dead one is another: nothing of the old reaches it', () => {
    const { roster } = listen()
    join(1)
    const [old] = roster.channels
    transport.events.closed(1, 'PEER_RESET')
    const successor = 1 + 2 ** 20
    join(successor)
    expect(old?.send({ action: 'x' })).toBe(0)
    transport.events.message(1, 'stale', { action: 'stale' }, 10)
    expect(log.at(-1)).toBe('connect 2')
  })
})

describe('the greeting', () => {
  test('is in the account, and crosses no mark', () => {
    const { roster } = listen({ writeHighWater: 1 })
    join(1)
    const [channel] = roster.channels
    expect([channel?.bufferedBytes, channel?.isWritable]).toEqual([22, true])
    expect(transport.calls).toEqual(['post connected to 1'])
  })
})

describe('a slow reader', () => {
  const text = 'y'.repeat(60)
  const small = { maxOutboundFrameLength: 200, maxBufferedOut: 200, writeHighWater: 100 }

  test('is asked to drain once, is not read meanwhile, and is told once', () => {
    const { roster } = listen({ ...small, writeLowWater: 50 })
    join(1)
    const [channel] = roster.channels
    channel?.send({ action: 'x', text })
    channel?.send({ action: 'y' })
    const sent = channel?.bufferedBytes ?? 0
    expect(channel?.isWritable).toBe(false)
    const asked = transport.calls.filter((call) => /askDrained|pause/.test(call))
    expect(asked).toEqual(['askDrained 1 50', 'pause 1'])
    transport.events.drained(1)
    expect([log, transport.calls.at(-1)]).toEqual([['connect 1'], 'askDrained 1 50'])
    transport.flushed.set(1, sent - 50)
    transport.events.drained(1)
    expect(channel?.isWritable).toBe(true)
    expect(log).toEqual(['connect 1', 'drain 1'])
    expect(transport.calls.at(-1)).toBe('resume 1')
  })

  test('is not resumed while another reason to pause it is left', () => {
    const { inbox, roster } = listen({ ...small, dispatch: 'pump', inboundQueueMessages: 2 })
    join(1)
    inbox.pump(Number.POSITIVE_INFINITY)
    const [channel] = roster.channels
    channel?.send({ action: 'x', text })
    channel?.send({ action: 'x', text: 'y'.repeat(20) })
    receive(1, 'a')
    transport.flushed.set(1, channel?.bufferedBytes ?? 0)
    transport.events.drained(1)
    receive(1, 'b')
    expect(transport.calls.filter((call) => call === 'pause 1')).toHaveLength(1)
    inbox.pump(1)
    expect(transport.calls).not.toContain('resume 1')
    inbox.pump(1)
    expect(transport.calls.at(-1)).toBe('resume 1')
  })

  test('is closed at maxBufferedOut, and hears of it after send() has returned', () => {
    const { counts, roster } = listen(small)
    join(1, 2)
    const [slow] = roster.channels
    slow?.send({ action: 'x', text })
    slow?.send({ action: 'x', text })
    expect(slow?.send({ action: 'x', text })).toBe(0)
    expect(log).toEqual(['connect 1', 'connect 2'])
    expect(slow?.closeReason?.code).toBe('SLOW_CONSUMER')
    clock.turn()
    transport.events.closed(1, 'CLOSED')
    clock.turn()
    expect(log.slice(2)).toEqual([
      'error 1 REPOD_ERR_SLOW_CONSUMER',
      'close 1 SLOW_CONSUMER, sends 0',
      'disconnect 1 SLOW_CONSUMER, sends 0',
    ])
    expect(counts.closedBy).toEqual({ SLOW_CONSUMER: 1 })
  })

  test('loses the newest and stays where the policy says so', () => {
    const { counts, roster } = listen({ ...small, slowConsumer: 'drop-newest' })
    join(1)
    const [slow] = roster.channels
    const sent = [1, 2, 3, 4].map(() => slow?.send({ action: 'x', text }))
    expect(sent.filter((bytes) => bytes === 0)).toHaveLength(2)
    expect(counts.dropped).toBe(2)
    expect(slow?.isConnected).toBe(true)
  })

  test('does not keep a broadcast from the others', () => {
    const { roster } = listen(small)
    join(1, 2)
    const [slow] = roster.channels
    slow?.send({ action: 'x', text })
    slow?.send({ action: 'x', text })
    expect(roster.sendToAll({ action: 'all', text }, new Set())).toBe(1)
    expect(transport.posted.at(-1)).toEqual({ action: 'all', to: [2] })
    expect(slow?.closeReason?.code).toBe('SLOW_CONSUMER')
  })
})

describe('a getter of a message that is sent', () => {
  test('may close the connection: the message is discarded and counts as 0', () => {
    const { roster } = listen()
    join(1)
    const [channel] = roster.channels
    const message = {
      action: 'x',
      get last() {
        channel?.close()
        return 1
      },
    }
    expect(channel?.send(message)).toBe(0)
    expect(transport.calls.slice(-2)).toEqual(['close 1 5000', 'discard'])
  })

  test('runs no handler: pump() is 0 in it, a slow reader hears of its end later', () => {
    const { inbox, roster } = listen({ dispatch: 'pump' })
    join(1)
    inbox.pump(Number.POSITIVE_INFINITY)
    receive(1, 'a')
    const [channel] = roster.channels
    let pumped = -1
    const message = {
      action: 'x',
      get last() {
        pumped = inbox.pump(Number.POSITIVE_INFINITY)
        return 1
      },
    }
    expect(channel?.send(message)).toBeGreaterThan(0)
    expect(pumped).toBe(0)
    expect(log).toEqual(['connect 1'])
  })

  test('may take a channel out of the broadcast that it is part of', () => {
    const { roster } = listen()
    join(1, 2, 3)
    const [, second] = roster.channels
    const message = {
      action: 'x',
      get last() {
        second?.close()
        return 1
      },
    }
    expect(roster.sendToAll(message, new Set())).toBe(2)
    expect(transport.posted.at(-1)).toEqual({ action: 'x', to: [1, 3] })
  })
})

describe('stop()', () => {
  test('dispatches what had arrived, closes with STOPPED, and says what was not flushed', async () => {
    const { listening, inbox } = listen({ dispatch: 'pump', drainTimeout: 100 })
    join(1, 2)
    inbox.pump(Number.POSITIVE_INFINITY)
    receive(1, 'a')
    transport.flushed.set(1, 22)
    const report = listening.stop()
    expect(transport.calls).toContain('quiesce')
    receive(2, 'b')
    transport.newest.quiesced()
    await settled()
    expect(log.slice(2)).toEqual(['a to 1', 'b to 2'])
    expect(transport.calls.slice(-4)).toEqual([
      'quiet 1 false',
      'close 1 100',
      'quiet 2 false',
      'close 2 100',
    ])
    transport.events.closed(1, 'CLOSED')
    clock.advance(100)
    expect(transport.calls).toContain('close 2 0')
    transport.events.closed(2, 'CLOSED')
    await settled()
    transport.newest.stopped()
    expect(await report).toEqual({ channels: 1, bytes: 22 })
    expect(log.slice(-2)).toEqual(['close 2 STOPPED, sends 0', 'disconnect 2 STOPPED, sends 0'])
    expect(clock.timers.size).toBe(0)
  })

  test('settles within drainTimeout + 1 s whatever the transport does, and ends every channel', async () => {
    const { listening, counts } = listen({ drainTimeout: 100 })
    join(1)
    const report = listening.stop()
    clock.advance(100 + 999)
    expect(await report).toEqual({ channels: 1, bytes: 22 })
    expect(counts.closedBy).toEqual({ STOPPED: 1 })
    expect(log.at(-1)).toBe('disconnect 1 STOPPED, sends 0')
    transport.events.closed(1, 'CLOSED')
    expect(log).toHaveLength(3)
  })
})
