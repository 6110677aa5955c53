import { beforeEach, describe, expect, test } from 'vitest'
import { Dialing } from '../../../ts/dialing.js'
import type { RepodError } from '../../../ts/errors.js'
import { accountsOf } from '../../../ts/hub.js'
import { Inbox, type InboxMode } from '../../../ts/inbox.js'
import type { ReceivedMessage } from '../../../ts/message.js'
import { type ListenerOptions, parseListenerOptions } from '../../../ts/options.js'
import { newCounts } from '../../../ts/stats.js'
import { ManualClock } from './manual-clock.js'
import { HERE, MemoryTransport, settled } from './memory-transport.js'

const IT = 5
let transport: MemoryTransport
let clock: ManualClock
let log: string[]

beforeEach(() => {
  transport = new MemoryTransport()
  clock = new ManualClock()
  log = []
})

class Game {
  Network_socketConnect(): void {
    log.push('socketConnect')
  }
  Network_connected(): void {
    log.push('connected')
  }
  Network_disconnected({ reason }: { reason: { code: string } }): void {
    log.push(`disconnected ${reason.code}`)
  }
  Network_error({ error }: { error: RepodError }): void {
    log.push(`error ${error.code}`)
  }
  Network_bad(): void {
    throw new Error('boom')
  }
  networkReceived({ action }: ReceivedMessage): void {
    log.push(action)
  }
}

interface Setup {
  readonly dialing: Dialing
  readonly inbox: Inbox
  /** Settles with the error's code, or `connected`. */
  readonly outcome: Promise<string>
  readonly error: Promise<RepodError | undefined>
}

function connect(mode: InboxMode, options: ListenerOptions = {}, signal?: AbortSignal): Setup {
  const parsed = parseListenerOptions(options)
  const inbox = new Inbox(mode, transport, () => accountsOf(transport).endTurn(), parsed, clock)
  const dialing = new Dialing({
    transport,
    options: parsed,
    inbox,
    counts: newCounts(),
    clock,
    audience: { receiver: new Game(), endpoint: {}, onDrain: () => log.push('drain') },
  })
  const error = dialing.connect('127.0.0.1', 5071, signal, true).then(
    () => undefined,
    (failure: RepodError) => failure,
  )
  return { dialing, inbox, error, outcome: error.then((failure) => failure?.code ?? 'connected') }
}

function receive(...actions: string[]): void {
  for (const action of actions) transport.events.message(IT, action, { action }, 20)
}

async function open(): Promise<void> {
  await settled()
  transport.events.opened(IT, HERE)
  transport.newest.dialled()
}

describe('connect()', () => {
  test('settles with the greeting, without a pump(), which then finds the events', async () => {
    const { outcome, inbox } = connect('pump')
    await open()
    receive('connected')
    expect(await outcome).toBe('connected')
    expect(log).toEqual([])
    expect(transport.calls.at(-1)).toBe(`quiet ${IT} true`)
    inbox.pump(Number.POSITIVE_INFINITY)
    expect(log).toEqual(['socketConnect', 'connected'])
  })

  test('swallows the first greeting alone', async () => {
    connect('auto')
    await open()
    receive('connected', 'connected', 'a', 'connected')
    expect(log).toEqual(['socketConnect', 'connected', 'connected', 'a', 'connected'])
  })

  test('keeps what comes before the greeting, in order, until after it', async () => {
    connect('auto')
    await open()
    receive('a', 'b')
    expect(log).toEqual(['socketConnect'])
    receive('connected', 'c')
    expect(log).toEqual(['socketConnect', 'connected', 'a', 'b', 'c'])
  })

  test('holds the server back that sends too much before its greeting', async () => {
    connect('auto', { inboundQueueMessages: 2 })
    await open()
    receive('a', 'b')
    expect(transport.calls.at(-1)).toBe(`pause ${IT}`)
    receive('connected')
    expect(transport.calls).toContain(`resume ${IT}`)
    expect(log).toEqual(['socketConnect', 'connected', 'a', 'b'])
  })

  test('that is refused rejects with the cause, and is told once', async () => {
    const { error } = connect('auto')
    await settled()
    transport.newest.refuses('ECONNREFUSED')
    expect(await error).toMatchObject({
      code: 'REPOD_ERR_CONNECT_FAILED',
      cause: { code: 'ECONNREFUSED' },
    })
    clock.turn()
    expect(log).toEqual(['error REPOD_ERR_CONNECT_FAILED'])
    expect(clock.timers.size).toBe(0)
    transport.newest.quiesced()
    await settled()
    expect(transport.calls).toEqual(['dial 127.0.0.1 5071', 'quiesce', 'stop'])
  })

  test('that takes longer than connectTimeout rejects, though TCP is up', async () => {
    const { dialing, outcome } = connect('auto', { connectTimeout: 50 })
    await open()
    clock.advance(49)
    expect(log).toEqual(['socketConnect'])
    clock.advance(1)
    expect(await outcome).toBe('REPOD_ERR_CONNECT_TIMEOUT')
    clock.turn()
    expect(log).toEqual(['socketConnect', 'error REPOD_ERR_CONNECT_TIMEOUT'])
    expect(dialing.reason?.code).toBe('CONNECT_TIMEOUT')
    receive('connected', 'a')
    transport.events.closed(IT, 'CLOSED')
    expect(log).toEqual(['socketConnect', 'error REPOD_ERR_CONNECT_TIMEOUT'])
    expect(transport.calls).toContain(`release ${IT}`)
  })

  test('rejects where the server closes or breaks the wire before it greets', async () => {
    const closed = connect('auto')
    await open()
    transport.events.closed(IT, 'PEER_CLOSED')
    expect(await closed.outcome).toBe('REPOD_ERR_CONNECT_FAILED')
    expect(await closed.error).toMatchObject({ cause: { code: 'REPOD_ERR_PEER_CLOSED' } })

    const broken = connect('auto')
    await open()
    transport.events.fault(IT, { code: 'DECODE_ERROR', detail: 'utf8' })
    const failure = await broken.error
    expect([failure?.code, failure?.detail]).toEqual(['REPOD_ERR_DECODE_ERROR', 'utf8'])
    clock.turn()
    expect(log.filter((each) => each.startsWith('disconnected'))).toEqual([])
  })

  test('is given up by its signal and by close(), and tells no error then', async () => {
    const controller = new AbortController()
    const aborted = connect('auto', {}, controller.signal)
    await settled()
    controller.abort()
    expect(await aborted.outcome).toBe('REPOD_ERR_ABORTED')

    const before = connect('auto', {}, AbortSignal.abort())
    expect(await before.outcome).toBe('REPOD_ERR_ABORTED')

    const closed = connect('auto')
    await settled()
    const gone = closed.dialing.close(undefined)
    expect(await closed.outcome).toBe('REPOD_ERR_CLOSED')
    transport.newest.quiesced()
    await settled()
    transport.newest.stopped()
    await gone
    clock.turn()
    expect(log).toEqual([])
    expect(clock.timers.size).toBe(0)
  })
})

describe('what is sent before the greeting', () => {
  test('is counted, and goes out with it, as it was when it was sent', async () => {
    const { dialing } = connect('auto')
    const message = { action: 'join', name: 'Ada' }
    const bytes = dialing.send(message)
    message.action = 'changed'
    expect(dialing.bufferedBytes).toBe(bytes)
    await open()
    expect(transport.posted).toEqual([])
    receive('connected')
    expect(transport.posted).toEqual([{ action: 'join', to: [IT] }])
    expect(dialing.bufferedBytes).toBe(bytes)
  })

  test('is refused at once where it cannot be sent, and then nothing of it is kept', () => {
    const { dialing } = connect('auto')
    expect(() => dialing.send({ action: 'x', bad: [() => 1] })).toThrow(/bad\[0\]/)
    expect(() => dialing.send({ action: 'x', bad: new Array(4e9) })).toThrow(RangeError)
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(() => dialing.send({ action: 'x', cycle })).toThrow(/cycle/)
    expect(dialing.bufferedBytes).toBe(0)
  })

  test('and was never sent is reported by the rejection', async () => {
    const { dialing, error } = connect('auto')
    const bytes = dialing.send({ action: 'a' }) + dialing.send({ action: 'b' })
    await settled()
    transport.newest.refuses('ECONNREFUSED')
    expect((await error)?.unsent).toEqual({ messages: 2, bytes })
    expect(dialing.send({ action: 'c' })).toBe(0)
    expect(dialing.bufferedBytes).toBe(0)
  })

  test('is bounded by maxBufferedOut as everything is', async () => {
    const limits = { maxOutboundFrameLength: 100, maxBufferedOut: 100 }
    const dropping = connect('auto', { ...limits, slowConsumer: 'drop-newest' }).dialing
    const message = { action: 'x', text: 'y'.repeat(50) }
    expect(dropping.send(message)).toBeGreaterThan(0)
    expect(dropping.send(message)).toBe(0)

    const closing = connect('auto', limits)
    closing.dialing.send(message)
    expect(closing.dialing.send(message)).toBe(0)
    expect(await closing.outcome).toBe('REPOD_ERR_SLOW_CONSUMER')
  })
})

describe('a connected client', () => {
  async function connected(mode: InboxMode): Promise<Setup> {
    const setup = connect(mode)
    await open()
    receive('connected')
    log.length = 0
    return setup
  }

  test('is told of the server’s end after what came before it', async () => {
    const { dialing, inbox } = await connected('pump')
    inbox.pump(Number.POSITIVE_INFINITY)
    receive('a')
    transport.events.closed(IT, 'PEER_CLOSED')
    expect(dialing.isConnected).toBe(true)
    inbox.pump(Number.POSITIVE_INFINITY)
    expect(log).toEqual(['socketConnect', 'connected', 'a', 'disconnected PEER_CLOSED'])
    expect(transport.calls.slice(-2)).toEqual([`release ${IT}`, 'stop'])
  })

  test('close() settles without a pump(), when the last socket is gone', async () => {
    const { dialing } = await connected('pump')
    let isGone = false
    const gone = dialing.close('bye').then(() => {
      isGone = true
    })
    expect(transport.calls).toContain(`quiet ${IT} false`)
    expect(dialing.reason).toEqual({ code: 'CLOSED', message: 'bye' })
    transport.events.closed(IT, 'CLOSED')
    expect(transport.calls).toContain(`release ${IT}`)
    await settled()
    expect(isGone).toBe(false)
    transport.newest.stopped()
    await gone
  })

  test('whose handler throws is closed, told once, and disconnected once', async () => {
    await connected('auto')
    receive('bad', 'a')
    transport.events.closed(IT, 'CLOSED')
    expect(log).toEqual(['error REPOD_ERR_HANDLER_ERROR', 'disconnected HANDLER_ERROR'])
  })
})
