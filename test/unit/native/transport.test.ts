import { setImmediate as immediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encode } from '../../../ts/message.js'
import { ENGINE, type EndpointOptions, parseServerOptions } from '../../../ts/options.js'
import { OUTBOUND, PAGE_CONNECTIONS, TYPE } from '../../../ts/tape/layout.js'
import type { ObjectShape } from '../../../ts/tape/shapes.js'
import { NativeTransport } from '../../../ts/transport/native.js'
import type { Connection, Endpoint, EndpointEvents } from '../../../ts/transport/transport.js'
import { FakeEngine, framesOf } from '../../support/fake-engine.js'
import {
  bytesRecord,
  closedRecord,
  describeShape,
  drainedRecord,
  faultRecord,
  flatten,
  heldRecord,
  openedRecord,
  resultRecord,
  shapeRecord,
  tapeRecord,
  type Where,
  type Who,
} from '../../support/records.js'

const options: EndpointOptions = parseServerOptions({ ringBytes: 4096 })
const HERE: Where = { port: 5071, family: 4, address: [127, 0, 0, 1] }
const ADDRESS = { host: '127.0.0.1', port: 5071, family: 'IPv4' }
const A: Who = { index: 0, generation: 0 }
const SHAPE: ObjectShape = {
  type: TYPE.OBJECT,
  fields: [
    { key: 'action', value: { type: TYPE.CONSTANT, text: 'move' } },
    { key: 'x', value: { type: TYPE.I32 } },
  ],
}

let engine: FakeEngine
let transport: NativeTransport
let clock: number
let endpoints: Endpoint[]
let log: unknown[]
/** What a handler does with a message. */
let onMessage: (connection: Connection, message: { action: string; x?: unknown }) => void
beforeEach(() => {
  engine = new FakeEngine()
  clock = 0
  transport = new NativeTransport(engine, () => clock)
  endpoints = []
  log = []
  onMessage = () => undefined
})
afterEach(async () => {
  onMessage = () => undefined
  for (const endpoint of endpoints) if (engine.isOpen) await stopped(endpoint)
  expect(engine.isOpen).toBe(false)
})

function open(options: EndpointOptions, name?: string): Endpoint {
  const endpoint = transport.endpoint(recording(name), options)
  endpoints.push(endpoint)
  return endpoint
}

function recording(name = ''): EndpointEvents {
  const add = (what: string, ...rest: unknown[]): void => {
    log.push([`${name}${what}`, ...rest])
  }
  return {
    opened: (connection, address) => add('opened', connection, address),
    message: (connection, action, message, bytes) => {
      add('message', connection, action, message, bytes)
      onMessage(connection, message)
    },
    fault: (connection, fault) => add('fault', connection, fault),
    drained: (connection) => add('drained', connection),
    closed: (connection, code) => add('closed', connection, code),
  }
}

function moves(who: Who, ...xs: number[]): Uint8Array[] {
  return xs.map((x) => tapeRecord(who, 9, 1, flatten(SHAPE, { action: 'move', x })))
}
const DEFINED = shapeRecord(1, describeShape(SHAPE))

/** As the engine answers. A stop that was asked for before needs no answer. */
async function stopped(endpoint: Endpoint): Promise<void> {
  const before = engine.sent.length
  const done = endpoint.stop()
  transport.flush()
  if (engine.sent.slice(before).some((sent) => sent.kind === OUTBOUND.STOP)) {
    engine.write(resultRecord(engine.request(OUTBOUND.STOP), 0))
    transport.look()
  }
  await done
}

describe('records come out as events', () => {
  it('in order, from opened to closed', () => {
    open(options)
    const payload = encode({ action: 'say', text: 'hé', at: 2n ** 60n }).subarray(4)
    engine.commit(
      openedRecord(A, 0, HERE),
      DEFINED,
      ...moves(A, 1, -2),
      bytesRecord(A, payload),
      faultRecord(A, 3, 4, 0),
      drainedRecord(A),
      closedRecord(A, 1),
    )
    expect(log).toEqual([
      ['opened', 0, ADDRESS],
      ['message', 0, 'move', { action: 'move', x: 1 }, 9],
      ['message', 0, 'move', { action: 'move', x: -2 }, 9],
      ['message', 0, 'say', { action: 'say', text: 'hé', at: 2n ** 60n }, payload.length],
      ['fault', 0, { code: 'DECODE_ERROR', detail: 'utf8' }],
      ['drained', 0],
      ['closed', 0, 'PEER_CLOSED'],
    ])
    expect(transport.counters).toMatchObject({ tapeMessages: 2, byteMessages: 1, takes: 1 })
  })

  it('a fault of length says the length, up to 2^32', () => {
    open(options)
    engine.commit(openedRecord(A, 0, HERE), faultRecord(A, 1, 0, 2 ** 32 - 1))
    expect(log[1]).toEqual(['fault', 0, { code: 'FRAME_TOO_LARGE', length: 2 ** 32 - 1 }])
  })

  it('over many laps of the ring, fillers at their ends', () => {
    open(options)
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    const payload = (i: number): Uint8Array =>
      encode({ action: 'b', s: 'x'.repeat(i % 97) }).subarray(4)
    for (let i = 0; i < 5_000; i++) {
      engine.write(...moves(A, i), bytesRecord(A, payload(i)))
      transport.look()
      expect(log.splice(0).slice(-2)).toEqual([
        ['message', 0, 'move', { action: 'move', x: i }, 9],
        ['message', 0, 'b', { action: 'b', s: 'x'.repeat(i % 97) }, payload(i).length],
      ])
    }
    expect(engine.consumed).toBeGreaterThan(100 * 4096)
  })

  it('fetches what is held, and drops what nobody takes', () => {
    open(options)
    const payload = encode({ action: 'big', text: 'y'.repeat(2_000) }).subarray(4)
    engine.held.set(4, payload).set(5, payload)
    engine.commit(
      openedRecord(A, 0, HERE),
      heldRecord(A, payload.length, 4),
      heldRecord({ index: 0, generation: 9 }, payload.length, 5),
      heldRecord(A, payload.length, 6),
    )
    expect(log.slice(1)).toEqual([
      ['message', 0, 'big', { action: 'big', text: 'y'.repeat(2_000) }, payload.length],
    ])
    expect(engine.calls.filter((call) => call.startsWith('drop'))).toEqual(['dropHeld 5'])
    expect(engine.held.size).toBe(0)
  })

  it('of a generation that is not the living one go to nobody', () => {
    open(options)
    const next = { index: 0, generation: 2 ** 32 - 1 }
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    transport.release(0)
    engine.commit(...moves(A, 1), drainedRecord(A), closedRecord(A, 2))
    engine.write(openedRecord(next, 0, HERE), ...moves(A, 2), ...moves(next, 3))
    transport.look()
    const successor = (2 ** 32 - 1) * 2 ** 20
    expect(log.slice(1)).toEqual([
      ['opened', successor, ADDRESS],
      ['message', successor, 'move', { action: 'move', x: 3 }, 9],
    ])
  })

  it('of an endpoint alone go to it', () => {
    open(options, 'a ')
    open(options, 'b ')
    const B = { index: 1, generation: 0 }
    engine.commit(openedRecord(A, 1, HERE), openedRecord(B, 0, HERE), DEFINED, ...moves(A, 1))
    expect(log.map((each) => (each as unknown[])[0])).toEqual(['b opened', 'a opened', 'b message'])
  })

  it('a closed connection brings no message any more, but its end', () => {
    open(options)
    onMessage = (connection) => transport.close(connection, 5_000)
    engine.held.set(1, new Uint8Array(3))
    engine.commit(
      openedRecord(A, 0, HERE),
      DEFINED,
      ...moves(A, 1, 2, 3),
      heldRecord(A, 3, 1),
      faultRecord(A, 3, 0, 0),
      drainedRecord(A),
      closedRecord(A, 3),
    )
    expect(log.map((each) => (each as unknown[])[0])).toEqual([
      'opened',
      'message',
      'drained',
      'closed',
    ])
    expect(engine.held.size).toBe(0)
    expect(engine.sent.at(-1)).toMatchObject({ kind: OUTBOUND.CLOSE, words: [0, 0, 5_000] })
  })

  it('refuses what cannot be a record, as a defect', () => {
    open(options)
    engine.write(Uint8Array.from([99, 2, 0, 0, 0, 0, 0, 0]))
    expect(() => transport.look()).toThrow('broken record 0x263 at 0')
  })
})

describe('looks', () => {
  it('collect inside pump, without a bound of time, and never sleep', () => {
    open({ ...options, dispatchTimeBudget: 1 })
    engine.write(openedRecord(A, 0, HERE), DEFINED)
    engine.write(...moves(A, ...Array.from({ length: 60 }, (_, i) => i)))
    onMessage = () => {
      expect(transport.collecting).toBe(true)
      clock += 10
    }
    transport.look()
    expect(log).toHaveLength(61)
    expect(transport.collecting).toBe(false)
    expect(engine.takes).toEqual([{ found: true, maySleep: false }])
    transport.look()
    expect(transport.counters.takes).toBe(1)
  })

  it('inside a handler go on at the cursor, and the order stays', async () => {
    open(options)
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    let nested = false
    const seen: unknown[] = []
    onMessage = (_, message) => {
      seen.push([message.x, transport.collecting])
      if (nested) return
      nested = true
      engine.write(...moves(A, 4))
      transport.look()
      seen.push('back')
    }
    engine.write(...moves(A, 1, 2, 3))
    await immediate()
    expect(seen).toEqual([[1, false], [2, true], [3, true], [4, true], 'back'])
  })

  it('do nothing inside the walk of a message', () => {
    open(options)
    engine.write(openedRecord(A, 0, HERE))
    transport.write(
      {
        action: 'a',
        get x() {
          expect(transport.writing).toBe(true)
          transport.look()
          return log.length
        },
      },
      options,
    )
    transport.discard()
    expect(engine.takes).toEqual([])
  })

  it('stop after the time of the smallest budget, read every 32 messages', async () => {
    open({ ...options, dispatchTimeBudget: 50 })
    const small = open({ ...options, dispatchTimeBudget: 2 })
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    await immediate()
    log.length = 0
    onMessage = () => {
      clock += 1
    }
    engine.commit(...moves(A, ...Array.from({ length: 70 }, (_, i) => i)))
    expect(log).toHaveLength(ENGINE.messagesPerClock)
    await immediate()
    expect(log).toHaveLength(2 * ENGINE.messagesPerClock)
    await immediate()
    expect(log).toHaveLength(70)
    await stopped(small)
    engine.commit(...moves(A, ...Array.from({ length: 70 }, (_, i) => i)))
    await immediate()
    expect(log).toHaveLength(134)
    await immediate()
    expect(log).toHaveLength(140)
  })
})

describe('waking and sleeping', () => {
  it('steady traffic wakes once; a take that finds nothing ends it', async () => {
    open(options)
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    for (let i = 0; i < 10; i++) {
      engine.commit(...moves(A, i))
      await immediate()
    }
    expect(transport.counters).toMatchObject({ wakeUps: 1, takes: 11 })
    expect(engine.awake).toBe(true)
    await immediate()
    expect(engine.awake).toBe(false)
    await immediate()
    expect(engine.takes.at(-1)).toEqual({ found: false, maySleep: true })
    expect(engine.takes).toHaveLength(12)
    engine.commit(...moves(A, 1))
    expect(transport.counters.wakeUps).toBe(2)
  })

  it('goes on after an event threw', async () => {
    open(options)
    onMessage = (_, message) => {
      if (message.x === 1) throw new Error('a defect above the seam')
    }
    const wake = (): void => engine.commit(openedRecord(A, 0, HERE), DEFINED, ...moves(A, 1, 2))
    expect(wake).toThrow('a defect above the seam')
    await immediate()
    expect(log.at(-1)).toEqual(['message', 0, 'move', { action: 'move', x: 2 }, 9])
    await immediate()
    expect(engine.awake).toBe(false)
  })

  it('goes on while nobody keeps the process alive', async () => {
    const endpoint = open(options)
    endpoint.setRef(false)
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    while (engine.awake) await immediate()
    expect(engine.takes).toEqual([
      { found: true, maySleep: true },
      { found: false, maySleep: true },
    ])
  })
})

describe('what goes out', () => {
  it('goes at the end of the turn, by one call, and at once after a batch', async () => {
    open(options)
    onMessage = (connection) => {
      transport.write({ action: 're' }, options)
      transport.post(connection)
    }
    engine.commit(openedRecord(A, 0, HERE), DEFINED, ...moves(A, 1, 2))
    const frames = engine.sent.filter((sent) => sent.kind === OUTBOUND.FRAME)
    expect(frames.map((sent) => framesOf(sent).to)).toEqual([[[0, 0]], [[0, 0]]])
    expect(transport.counters.flushes).toBe(1)
    transport.quiet(0, true)
    transport.askDrained(0, 100)
    transport.pause(0)
    transport.resume(0)
    expect(transport.counters.flushes).toBe(1)
    await Promise.resolve()
    expect(transport.counters.flushes).toBe(2)
    expect(engine.sent.slice(-4).map((sent) => [sent.kind, ...sent.words])).toEqual([
      [OUTBOUND.QUIET, 0, 0, 1],
      [OUTBOUND.ASK_DRAINED, 0, 0, 100],
      [OUTBOUND.PAUSE, 0, 0, 0],
      [OUTBOUND.RESUME, 0, 0, 0],
    ])
  })

  it('commands for a connection that was released go nowhere', () => {
    open(options)
    engine.commit(openedRecord(A, 0, HERE))
    transport.release(0)
    transport.flush()
    const before = engine.sent.length
    transport.pause(0)
    transport.close(0, 1)
    transport.release(0)
    transport.flush()
    expect(engine.sent).toHaveLength(before)
    expect(engine.sent.at(-1)).toMatchObject({ kind: OUTBOUND.RELEASE })
  })

  it('reads the flushed bytes of a connection from its page, and lends the next in time', () => {
    open(options)
    expect(engine.calls.filter((call) => call.startsWith('lendPage'))).toEqual(['lendPage 0'])
    const last = { index: PAGE_CONNECTIONS / 2, generation: 3 }
    engine.commit(openedRecord(A, 0, HERE), openedRecord(last, 0, HERE))
    expect(engine.calls.filter((call) => call.startsWith('lendPage'))).toHaveLength(2)
    const connection = last.index + 3 * 2 ** 20
    expect(transport.flushedBytes(connection)).toBe(0)
    Atomics.store(engine.pages[0] as Int32Array, last.index, -1)
    expect(transport.flushedBytes(connection)).toBe(2 ** 32 - 1)
    const far = { index: PAGE_CONNECTIONS + 1, generation: 0 }
    engine.write(openedRecord(far, 0, HERE))
    transport.look()
    Atomics.store(engine.pages[1] as Int32Array, 1, 7)
    expect(transport.flushedBytes(far.index)).toBe(7)
  })
})

describe('endpoints', () => {
  it('say their options, listen, and answer with the address', async () => {
    const endpoint = open(options)
    const listening = endpoint.listen('::1', 5071)
    await Promise.resolve()
    expect(engine.sent[0]).toMatchObject({
      kind: OUTBOUND.ENDPOINT,
      words: [0, 0, 0, 65_536, 64, 16_384, 4_096, 256, 64, 5_000, 1, 0, 0].slice(0, 11),
    })
    const { kind, words, bytes } = engine.sent[1] as (typeof engine.sent)[number]
    expect([kind, ...words.slice(0, 7)]).toEqual([OUTBOUND.LISTEN, 0, 0, 5071, 6, 0, 0, 511])
    expect(bytes.subarray(32).toString('hex')).toBe(`${'00'.repeat(15)}01`)
    engine.commit(resultRecord(0, 0, HERE))
    expect(await listening).toEqual(ADDRESS)
  })

  it('reject with the name of the errno, or UNSUPPORTED', async () => {
    const endpoint = open(options)
    const answers: [number, string][] = [
      [98, 'EADDRINUSE'],
      [111, 'ECONNREFUSED'],
      [0xffff_ffff, 'UNSUPPORTED'],
    ]
    for (const [errno, code] of answers) {
      const dialling = endpoint.dial('10.0.0.1', 80)
      transport.flush()
      engine.commit(resultRecord(engine.request(OUTBOUND.DIAL), errno))
      await expect(dialling).rejects.toMatchObject({ code, syscall: 'connect', port: 80 })
      await immediate()
      await immediate()
    }
    await expect(endpoint.listen('localhost', 80)).rejects.toMatchObject({ code: 'EINVAL' })
  })

  it('settle after what had come before', async () => {
    const endpoint = open(options)
    const dialled = endpoint.dial('127.0.0.1', 80).then(() => log.push(['dialled']))
    transport.flush()
    const dial = resultRecord(engine.request(OUTBOUND.DIAL), 0, HERE)
    engine.commit(openedRecord(A, 0, HERE), DEFINED, ...moves(A, 1), dial)
    await dialled
    const quiet = endpoint.quiesce().then(() => log.push(['quiet']))
    transport.flush()
    engine.write(...moves(A, 2), resultRecord(engine.request(OUTBOUND.QUIESCE), 0))
    await quiet
    const names = log.map((each) => (each as unknown[])[0])
    expect(names).toEqual(['opened', 'message', 'dialled', 'message', 'quiet'])
  })

  it('start the engine with the first and join it after the last', async () => {
    const first = open(options)
    const second = open(options)
    const listeners = process.listenerCount('exit')
    await stopped(first)
    expect(engine.isOpen).toBe(true)
    engine.page[0] = 40
    expect(transport.counters.engineTurns).toBe(40)
    await stopped(second)
    expect(engine.calls.at(-1)).toBe('close 0')
    expect(process.listenerCount('exit')).toBe(listeners - 1)
    expect(transport.counters.engineTurns).toBe(40)
    await expect(second.stop()).resolves.toBeUndefined()
    await expect(second.quiesce()).resolves.toBeUndefined()
    const third = open({ ...options, ringBytes: 8192 })
    expect(engine.isOpen).toBe(true)
    expect(engine.ring).toHaveLength(8192)
    engine.page[0] = 2
    expect(transport.counters.engineTurns).toBe(42)
    await stopped(third)
  })

  it('do not take the engine away under a look that reads on', async () => {
    const endpoint = open(options)
    onMessage = (_, message) => {
      if (message.x !== 1) return
      engine.write(resultRecord(engine.request(OUTBOUND.STOP), 0), ...moves(A, 2))
      transport.look()
      expect(engine.isOpen).toBe(true)
    }
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    const stop = endpoint.stop()
    transport.flush()
    engine.write(...moves(A, 1))
    await stop
    expect(engine.isOpen).toBe(false)
  })

  it('hand the engine its settings', () => {
    open({ ...options, heldBytes: 123, codegen: false })
    expect(engine.settings).toEqual({
      heldBytes: 123,
      codegen: 0,
      messagesPerPass: 64,
      commitBytes: 65_536,
      readBytes: 65_536,
      maxShapes: 512,
      maxShapesPerConnection: 64,
      maxShapeFields: 256,
      maxShapeDepth: 8,
      shapeSightings: 3,
    })
  })

  it.each([
    ['ringBytes', 8192, '4096 already, got 8192'],
    ['chunkBytes', 4096, '262144 already, got 4096'],
    ['heldBytes', 1, '67108864 already, got 1'],
    ['codegen', false, 'true already, got false'],
  ])('of another %s than the first are refused', (name, value, why) => {
    open(options)
    const other = { ...options, [name]: value }
    expect(() => open(other)).toThrow(RangeError)
    expect(() => open(other)).toThrow(`${name} is of the whole`)
    expect(() => open(other)).toThrow(why)
  })

  it('leave nothing to flush or post to once they are gone', async () => {
    const endpoint = open(options)
    engine.commit(openedRecord(A, 0, HERE))
    await stopped(endpoint)
    expect(transport.write({ action: 'a' }, options)).toBe(14)
    transport.post(0)
    transport.write({ action: 'a' }, options)
    transport.postAll([0, 1])
    transport.pause(0)
    transport.flush()
    transport.look()
    expect(transport.flushedBytes(0)).toBe(0)
    expect(engine.calls.at(-1)).toBe('close 0')
  })
})
