import { setImmediate as immediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ENGINE } from '../../../ts/options.js'
import { OUTBOUND, PAGE_CONNECTIONS } from '../../../ts/tape/layout.js'
import { framesOf } from '../../support/fake-engine.js'
import { openedRecord } from '../../support/records.js'
import { A, DEFINED, HERE, moves, options, useRig } from './rig.js'

const current = useRig()

describe('looks', () => {
  it('collect inside pump, without a bound of time, and never sleep', () => {
    const rig = current()
    const { engine, transport } = rig
    rig.open({ ...options, dispatchTimeBudget: 1 })
    engine.write(openedRecord(A, 0, HERE), DEFINED)
    engine.write(...moves(A, ...Array.from({ length: 60 }, (_, i) => i)))
    rig.onMessage = () => {
      expect(transport.collecting).toBe(true)
      rig.clock += 10
    }
    transport.look()
    expect(rig.log).toHaveLength(61)
    expect(transport.collecting).toBe(false)
    expect(engine.takes).toEqual([{ found: true, maySleep: false }])
    transport.look()
    expect(transport.counters.takes).toBe(1)
  })

  it('inside a handler go on at the cursor, and the order stays', async () => {
    const rig = current()
    const { engine, transport } = rig
    rig.open()
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    let nested = false
    const seen: unknown[] = []
    rig.onMessage = (_, message) => {
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
    const rig = current()
    const { engine, transport } = rig
    rig.open()
    engine.write(openedRecord(A, 0, HERE))
    transport.write(
      {
        action: 'a',
        get x() {
          expect(transport.writing).toBe(true)
          transport.look()
          return rig.log.length
        },
      },
      options,
    )
    transport.discard()
    expect(engine.takes).toEqual([])
  })

  it('stop after the time of the smallest budget, read every 32 messages', async () => {
    const rig = current()
    const { engine } = rig
    rig.open({ ...options, dispatchTimeBudget: 50 })
    const small = rig.open({ ...options, dispatchTimeBudget: 2 })
    engine.commit(openedRecord(A, 0, HERE), DEFINED)
    await immediate()
    rig.log.length = 0
    rig.onMessage = () => {
      rig.clock += 1
    }
    engine.commit(...moves(A, ...Array.from({ length: 70 }, (_, i) => i)))
    expect(rig.log).toHaveLength(ENGINE.messagesPerClock)
    await immediate()
    expect(rig.log).toHaveLength(2 * ENGINE.messagesPerClock)
    await immediate()
    expect(rig.log).toHaveLength(70)
    await rig.stop(small)
    engine.commit(...moves(A, ...Array.from({ length: 70 }, (_, i) => i)))
    await immediate()
    expect(rig.log).toHaveLength(134)
    await immediate()
    expect(rig.log).toHaveLength(140)
  })
})

describe('waking and sleeping', () => {
  it('steady traffic wakes once; a take that finds nothing ends it', async () => {
    const rig = current()
    const { engine, transport } = rig
    rig.open()
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
    const rig = current()
    const { engine } = rig
    rig.open()
    rig.onMessage = (_, message) => {
      if (message.x === 1) throw new Error('a defect above the seam')
    }
    const wake = (): void => engine.commit(openedRecord(A, 0, HERE), DEFINED, ...moves(A, 1, 2))
    expect(wake).toThrow('a defect above the seam')
    await immediate()
    expect(rig.log.at(-1)).toEqual(['message', 0, 'move', { action: 'move', x: 2 }, 9])
    await immediate()
    expect(engine.awake).toBe(false)
  })

  it('goes on while nobody keeps the process alive', async () => {
    const rig = current()
    const { engine } = rig
    const endpoint = rig.open()
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
    const rig = current()
    const { engine, transport } = rig
    rig.open()
    rig.onMessage = (connection) => {
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
    const rig = current()
    const { engine, transport } = rig
    rig.open()
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
    const rig = current()
    const { engine, transport } = rig
    rig.open()
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
