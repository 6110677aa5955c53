import { expect, it } from 'vitest'
import { encode } from '../../../ts/framing.js'
import { OUTBOUND } from '../../../ts/tape/layout.js'
import {
  bytesRecord,
  closedRecord,
  drainedRecord,
  faultRecord,
  heldRecord,
  openedRecord,
} from '../../support/records.js'
import { A, ADDRESS, DEFINED, HERE, moves, options, useRig } from './rig.js'

const current = useRig()

it('in order, from opened to closed', () => {
  const rig = current()
  const { engine, transport } = rig
  rig.open()
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
  expect(rig.log).toEqual([
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
  const rig = current()
  const { engine } = rig
  rig.open()
  engine.commit(openedRecord(A, 0, HERE), faultRecord(A, 1, 0, 2 ** 32 - 1))
  expect(rig.log[1]).toEqual(['fault', 0, { code: 'FRAME_TOO_LARGE', length: 2 ** 32 - 1 }])
})

it('over many laps of the ring, fillers at their ends', () => {
  const rig = current()
  const { engine, transport } = rig
  rig.open()
  engine.commit(openedRecord(A, 0, HERE), DEFINED)
  const payload = (i: number): Uint8Array =>
    encode({ action: 'b', s: 'x'.repeat(i % 97) }).subarray(4)
  for (let i = 0; i < 5_000; i++) {
    engine.write(...moves(A, i), bytesRecord(A, payload(i)))
    transport.look()
    expect(rig.log.splice(0).slice(-2)).toEqual([
      ['message', 0, 'move', { action: 'move', x: i }, 9],
      ['message', 0, 'b', { action: 'b', s: 'x'.repeat(i % 97) }, payload(i).length],
    ])
  }
  expect(engine.consumed).toBeGreaterThan(100 * 4096)
})

it('fetches what is held, and drops what nobody takes', () => {
  const rig = current()
  const { engine } = rig
  rig.open()
  const payload = encode({ action: 'big', text: 'y'.repeat(2_000) }).subarray(4)
  engine.held.set(4, payload).set(5, payload)
  engine.commit(
    openedRecord(A, 0, HERE),
    heldRecord(A, payload.length, 4),
    heldRecord({ index: 0, generation: 9 }, payload.length, 5),
    heldRecord(A, payload.length, 6),
  )
  expect(rig.log.slice(1)).toEqual([
    ['message', 0, 'big', { action: 'big', text: 'y'.repeat(2_000) }, payload.length],
  ])
  expect(engine.calls.filter((call) => call.startsWith('drop'))).toEqual(['dropHeld 5'])
  expect(engine.held.size).toBe(0)
})

it('of a generation that is not the living one go to nobody', () => {
  const rig = current()
  const { engine, transport } = rig
  rig.open()
  const next = { index: 0, generation: 2 ** 32 - 1 }
  engine.commit(openedRecord(A, 0, HERE), DEFINED)
  transport.release(0)
  engine.commit(...moves(A, 1), drainedRecord(A), closedRecord(A, 2))
  engine.write(openedRecord(next, 0, HERE), ...moves(A, 2), ...moves(next, 3))
  transport.look()
  const successor = (2 ** 32 - 1) * 2 ** 20
  expect(rig.log.slice(1)).toEqual([
    ['opened', successor, ADDRESS],
    ['message', successor, 'move', { action: 'move', x: 3 }, 9],
  ])
})

it('of an endpoint alone go to it', () => {
  const rig = current()
  const { engine } = rig
  rig.open(options, 'a ')
  rig.open(options, 'b ')
  const B = { index: 1, generation: 0 }
  engine.commit(openedRecord(A, 1, HERE), openedRecord(B, 0, HERE), DEFINED, ...moves(A, 1))
  expect(rig.names).toEqual(['b opened', 'a opened', 'b message'])
})

it('a closed connection brings no message any more, but its end', () => {
  const rig = current()
  const { engine, transport } = rig
  rig.open()
  rig.onMessage = (connection) => transport.close(connection, 5_000)
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
  expect(rig.names).toEqual(['opened', 'message', 'drained', 'closed'])
  expect(engine.held.size).toBe(0)
  expect(engine.sent.at(-1)).toMatchObject({ kind: OUTBOUND.CLOSE, words: [0, 0, 5_000] })
})

it('refuses what cannot be a record, as a defect', () => {
  const rig = current()
  const { engine, transport } = rig
  rig.open()
  engine.write(Uint8Array.from([99, 2, 0, 0, 0, 0, 0, 0]))
  expect(() => transport.look()).toThrow('broken record 0x263 at 0')
})
