import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { encode } from '../../../ts/framing.js'
import { type EndpointOptions, parseServerOptions } from '../../../ts/options.js'
import { OUTBOUND } from '../../../ts/tape/layout.js'
import { ChunkPool } from '../../../ts/transport/chunks.js'
import type { Engine } from '../../../ts/transport/native-calls.js'
import { OutboundStream } from '../../../ts/transport/outbound.js'
import type { TransportCounters } from '../../../ts/transport/transport.js'
import { FakeEngine, framesOf } from '../../support/fake-engine.js'

const CHUNK = 4096
const options: EndpointOptions = parseServerOptions({
  maxOutboundFrameLength: 2 ** 20,
  maxBufferedOut: 2 ** 20,
})
const generation = (n: number): number => n * 2 ** 20

let engine: FakeEngine
let counters: TransportCounters
let appended: number
let out: OutboundStream
beforeEach(() => {
  engine = new FakeEngine()
  counters = { frames: 0, records: 0, flushes: 0 } as TransportCounters
  appended = 0
  out = new OutboundStream(counters, () => {
    appended++
  })
  const handle = {} as Engine
  out.attach(
    {
      lend: (chunk, memory) => engine.lendChunk(handle, chunk, memory),
      takeBack: (chunk) => engine.returnChunk(handle, chunk),
      handOver: (chunk, from, to) => engine.flush(handle, chunk, from, to),
    },
    CHUNK,
  )
})

function hex(message: { action: string; [field: string]: unknown }): string {
  return Buffer.from(encode(message)).toString('hex')
}

/** What came: frames as what was sent to whom, commands as kind and words. */
function arrived(): unknown[] {
  return engine.sent.map((sent) =>
    sent.kind <= OUTBOUND.FRAMES ? framesOf(sent) : [sent.kind, ...sent.words],
  )
}

it('hands frames and commands over in the order of the calls, by one call', () => {
  expect(out.write({ action: 'a' }, options)).toBe(14)
  out.post(generation(3) + 7)
  out.command(OUTBOUND.PAUSE, 7, 3, 0)
  out.write({ action: 'b' }, options)
  out.postAll([1, generation(2 ** 32 - 1) + 2 ** 20 - 1])
  out.command(OUTBOUND.CLOSE, 7, 3, 5_000)
  expect(engine.calls).toEqual([])
  out.flush()
  expect(engine.calls).toEqual(['lendChunk 0', 'flush 0'])
  expect(arrived()).toEqual([
    { frame: hex({ action: 'a' }), to: [[7, 3]] },
    [OUTBOUND.PAUSE, 7, 3, 0],
    {
      frame: hex({ action: 'b' }),
      to: [
        [1, 0],
        [2 ** 20 - 1, 2 ** 32 - 1],
      ],
    },
    [OUTBOUND.CLOSE, 7, 3, 5_000],
  ])
  expect(counters).toEqual({ frames: 2, records: 2, flushes: 1 })
  expect(appended).toBe(4)
  out.flush()
  expect(counters.flushes).toBe(1)
})

it('writes a frame for one receiver of a list as a frame for one', () => {
  out.write({ action: 'a' }, options)
  out.postAll([5])
  out.write({ action: 'b' }, options)
  out.postAll([])
  out.flush()
  expect(engine.sent.map((sent) => sent.kind)).toEqual([OUTBOUND.FRAME])
})

it('leaves nothing of a frame that is discarded or cannot be sent', () => {
  out.write({ action: 'gone', text: 'x'.repeat(5_000) }, options)
  out.discard()
  expect(() => out.write({ action: 'a', bad: [1, () => 0] }, options)).toThrow('bad[1]')
  expect(out.writing).toBe(false)
  out.write({ action: 'b' }, options)
  out.post(1)
  out.flush()
  expect(arrived()).toEqual([{ frame: hex({ action: 'b' }), to: [[1, 0]] }])
  expect(() => out.post(1)).toThrow('without a frame')
})

it('begins a chunk again once everything in it is done', () => {
  for (let i = 0; i < 1_000; i++) {
    out.write({ action: 'a', i }, options)
    out.post(1)
    out.flush()
  }
  expect(engine.calls.filter((call) => call.startsWith('lend'))).toEqual(['lendChunk 0'])
  expect(engine.sent).toHaveLength(1_000)
})

it('never writes over what the engine still reads', () => {
  engine.finishes = false
  const frames: unknown[] = []
  for (let i = 0; i < 500; i++) {
    out.write({ action: 'a', i }, options)
    out.post(1)
    out.flush()
    frames.push({ frame: hex({ action: 'a', i }), to: [[1, 0]] })
  }
  expect(engine.chunks.size).toBeGreaterThan(3)
  expect(arrived()).toEqual(frames)
})

it('gives the memory of a burst back', () => {
  engine.finishes = false
  for (let i = 0; i < 20_000; i++) {
    out.write({ action: 'a', i }, options)
    out.post(1)
  }
  out.flush()
  const most = engine.chunks.size
  expect(most).toBeGreaterThan(80)
  for (const call of engine.calls.filter((each) => each.startsWith('flush'))) {
    engine.finish(Number(call.slice('flush '.length)))
  }
  out.flush()
  expect(engine.chunks.size).toBeLessThanOrEqual(17)
  expect(engine.calls.filter((call) => call.startsWith('return'))).toHaveLength(
    most - engine.chunks.size,
  )
})

it('counts ranges as the engine does, past 2^31 and 2^32', () => {
  const nothing = (): void => undefined
  const pool = new ChunkPool({ lend: nothing, takeBack: nothing, handOver: nothing }, CHUNK)
  for (const start of [2 ** 31 - 1, -1]) {
    const chunk = pool.next()
    chunk.handed = start
    Atomics.store(chunk.words, 0, start)
    pool.handOver(chunk, 16, 32)
    expect(chunk.done).toBe(false)
    Atomics.add(chunk.words, 0, 1)
    expect(chunk.done).toBe(true)
  }
})

describe('frames that do not fit', () => {
  it('moves on to the next chunk in mid-frame, the bytes so far with it', () => {
    const filling = { action: 'fill', text: 'x'.repeat(3_900) }
    out.write(filling, options)
    out.post(1)
    const long = { action: 'a', text: Array.from({ length: 60 }, () => 'abcdefg') }
    out.write(long, options)
    out.post(2)
    out.flush()
    expect(arrived()).toEqual([
      { frame: hex(filling), to: [[1, 0]] },
      { frame: hex(long), to: [[2, 0]] },
    ])
    expect([...engine.chunks.values()].map((chunk) => chunk.length)).toEqual([CHUNK, CHUNK])
  })

  it('gives a frame larger than a chunk one of its own, and takes that back', () => {
    const large = { action: 'large', list: Array.from({ length: 10_000 }, (_, i) => i) }
    out.write({ action: 'a' }, options)
    out.post(1)
    out.write(large, options)
    out.post(1)
    out.write({ action: 'b' }, options)
    out.postAll([1, 2])
    out.flush()
    expect(arrived()).toEqual([
      { frame: hex({ action: 'a' }), to: [[1, 0]] },
      { frame: hex(large), to: [[1, 0]] },
      {
        frame: hex({ action: 'b' }),
        to: [
          [1, 0],
          [2, 0],
        ],
      },
    ])
    out.write({ action: 'c' }, options)
    out.post(1)
    out.flush()
    expect(Math.max(...[...engine.chunks.values()].map((chunk) => chunk.length))).toBe(CHUNK)
  })

  it('finds room for a list of receivers longer than a chunk', () => {
    const all = Array.from({ length: 5_000 }, (_, i) => i)
    out.write({ action: 'a' }, options)
    out.postAll(all)
    out.flush()
    expect(framesOf(engine.sent[0] as never)).toEqual({
      frame: hex({ action: 'a' }),
      to: all.map((index) => [index, 0]),
    })
    expect(engine.sent).toHaveLength(1)
  })

  it('sends frames of every length around the end of a chunk', () => {
    const expected: unknown[] = []
    for (let length = CHUNK - 120; length < CHUNK + 40; length++) {
      const message = { action: 'a', text: 'y'.repeat(length) }
      out.write({ action: 'a' }, options)
      out.post(3)
      out.write(message, options)
      out.postAll([4, 5])
      expected.push(
        { frame: hex({ action: 'a' }), to: [[3, 0]] },
        {
          frame: hex(message),
          to: [
            [4, 0],
            [5, 0],
          ],
        },
      )
    }
    out.flush()
    expect(arrived()).toEqual(expected)
  })
})

describe('what a getter does in the middle of a walk', () => {
  it('goes out before the frame it interrupts', () => {
    const message = {
      action: 'outer',
      before: 'x'.repeat(100),
      get now() {
        expect(out.writing).toBe(true)
        out.write({ action: 'inner' }, options)
        out.post(2)
        out.command(OUTBOUND.CLOSE, 9, 0, 1)
        out.flush()
        expect(engine.sent).toEqual([])
        return 'n'
      },
      after: [1, 2, 3],
    }
    out.write(message, options)
    out.post(1)
    out.flush()
    const outer = { action: 'outer', before: 'x'.repeat(100), now: 'n', after: [1, 2, 3] }
    expect(arrived()).toEqual([
      { frame: hex({ action: 'inner' }), to: [[2, 0]] },
      [OUTBOUND.CLOSE, 9, 0, 1],
      { frame: hex(outer), to: [[1, 0]] },
    ])
  })

  it('may be interrupted in turn, several deep, and go on growing', () => {
    const nest = (depth: number): { action: string } => ({
      action: `d${depth}`,
      get deeper() {
        if (depth > 0) {
          out.write(nest(depth - 1), options)
          out.post(depth - 1)
        }
        return 'z'.repeat(3_000)
      },
      ...{ tail: Array.from({ length: 500 }, () => 1.5) },
    })
    out.write(nest(4), options)
    out.post(4)
    out.flush()
    const flat = (depth: number): string =>
      hex({
        action: `d${depth}`,
        deeper: 'z'.repeat(3_000),
        tail: Array.from({ length: 500 }, () => 1.5),
      })
    expect(arrived()).toEqual([0, 1, 2, 3, 4].map((i) => ({ frame: flat(i), to: [[i, 0]] })))
  })

  it('leaves nothing behind when it throws', () => {
    const message = {
      action: 'outer',
      get now() {
        out.write({ action: 'inner' }, options)
        out.post(2)
        throw new Error('mine')
      },
    }
    expect(() => out.write(message, options)).toThrow('mine')
    expect(out.writing).toBe(false)
    out.flush()
    expect(arrived()).toEqual([{ frame: hex({ action: 'inner' }), to: [[2, 0]] }])
  })
})

it('keeps a frame at hand whole when a command comes before its post', () => {
  out.write({ action: 'a' }, options)
  out.command(OUTBOUND.PAUSE, 1, 0, 0)
  out.post(1)
  out.flush()
  expect(arrived()).toEqual([
    [OUTBOUND.PAUSE, 1, 0, 0],
    { frame: hex({ action: 'a' }), to: [[1, 0]] },
  ])
})

it('still writes, to discard, once the engine is gone', () => {
  out.detach()
  expect(out.write({ action: 'a', text: 'x'.repeat(100_000) }, options)).toBeGreaterThan(100_000)
  out.discard()
  out.flush()
  expect(engine.calls).toEqual([])
})

it('carries any sequence of frames, commands and flushes, whenever the engine is done', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('send' as const), size: fc.nat(6_000), to: fc.nat(40) }),
    fc.record({ kind: fc.constant('command' as const), index: fc.nat(1000) }),
    fc.constant({ kind: 'flush' as const }),
    fc.constant({ kind: 'finish' as const }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      engine.sent.length = 0
      engine.finishes = false
      const expected: unknown[] = []
      const pending: number[] = []
      let calls = engine.calls.length
      for (const each of [...steps, { kind: 'flush' as const }]) {
        if (each.kind === 'send') {
          const message = { action: 'm', body: 'b'.repeat(each.size) }
          const to = Array.from({ length: each.to + 1 }, (_, i) => i)
          out.write(message, options)
          out.postAll(to)
          expected.push({ frame: hex(message), to: to.map((index) => [index, 0]) })
        } else if (each.kind === 'command') {
          out.command(OUTBOUND.RESUME, each.index, 1, 0)
          expected.push([OUTBOUND.RESUME, each.index, 1, 0])
        } else if (each.kind === 'flush') out.flush()
        else for (const chunk of pending.splice(0)) engine.finish(chunk)
        for (const call of engine.calls.slice(calls)) {
          if (call.startsWith('flush')) pending.push(Number(call.slice('flush '.length)))
        }
        calls = engine.calls.length
      }
      for (const chunk of pending) engine.finish(chunk)
      expect(arrived()).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})
