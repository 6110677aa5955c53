import { setImmediate as immediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { OUTBOUND } from '../../../ts/tape/layout.js'
import { openedRecord, resultRecord } from '../../support/records.js'
import { A, ADDRESS, DEFINED, HERE, moves, options, useRig } from './rig.js'

const current = useRig()

it('say their options, listen, and answer with the address', async () => {
  const rig = current()
  const { engine } = rig
  const endpoint = rig.open()
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
  const rig = current()
  const { engine, transport } = rig
  const endpoint = rig.open()
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
  const rig = current()
  const { engine, transport } = rig
  const endpoint = rig.open()
  const dialled = endpoint.dial('127.0.0.1', 80).then(() => rig.log.push(['dialled']))
  transport.flush()
  const dial = resultRecord(engine.request(OUTBOUND.DIAL), 0, HERE)
  engine.commit(openedRecord(A, 0, HERE), DEFINED, ...moves(A, 1), dial)
  await dialled
  const quiet = endpoint.quiesce().then(() => rig.log.push(['quiet']))
  transport.flush()
  engine.write(...moves(A, 2), resultRecord(engine.request(OUTBOUND.QUIESCE), 0))
  await quiet
  const names = rig.names
  expect(names).toEqual(['opened', 'message', 'dialled', 'message', 'quiet'])
})

it('start the engine with the first and join it after the last', async () => {
  const rig = current()
  const { engine, transport } = rig
  const first = rig.open()
  const second = rig.open()
  const listeners = process.listenerCount('exit')
  await rig.stop(first)
  expect(engine.isOpen).toBe(true)
  engine.page[0] = 40
  expect(transport.counters.engineTurns).toBe(40)
  await rig.stop(second)
  expect(engine.calls.at(-1)).toBe('close 0')
  expect(process.listenerCount('exit')).toBe(listeners - 1)
  expect(transport.counters.engineTurns).toBe(40)
  await expect(second.stop()).resolves.toBeUndefined()
  await expect(second.quiesce()).resolves.toBeUndefined()
  const third = rig.open({ ...options, ringBytes: 8192 })
  expect(engine.isOpen).toBe(true)
  expect(engine.ring).toHaveLength(8192)
  engine.page[0] = 2
  expect(transport.counters.engineTurns).toBe(42)
  await rig.stop(third)
})

it('do not take the engine away under a look that reads on', async () => {
  const rig = current()
  const { engine, transport } = rig
  const endpoint = rig.open()
  rig.onMessage = (_, message) => {
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
  const rig = current()
  const { engine } = rig
  rig.open({ ...options, heldBytes: 123, codegen: false })
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
  const rig = current()
  rig.open()
  const other = { ...options, [name]: value }
  expect(() => rig.open(other)).toThrow(RangeError)
  expect(() => rig.open(other)).toThrow(`${name} is of the whole`)
  expect(() => rig.open(other)).toThrow(why)
})

it('leave nothing to flush or post to once they are gone', async () => {
  const rig = current()
  const { engine, transport } = rig
  const endpoint = rig.open()
  engine.commit(openedRecord(A, 0, HERE))
  await rig.stop(endpoint)
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
