import { describe, expect, it } from 'vitest'
import { FrameWriter, type Memory } from '../../../ts/codec/frame-writer.js'
import type { Message } from '../../../ts/message.js'
import { frameOf, Grower, memoryOf, serverLimits } from './support.js'

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** One of everything, so that memory ends before, in and after each kind of value. */
const message = {
  action: 'everything',
  numbers: [0, 1, -1, 200, -200, 70_000, -70_000, 2 ** 40, 0.5, 2n ** 60n],
  texts: ['', 'a', 'é', 'x'.repeat(30), 'é'.repeat(100), 'x'.repeat(3000)],
  flags: [true, false, null, undefined],
  binary: new Uint8Array(20),
  dates: [new Date(0), new Date(1), new Date(-1)],
  map: new Map<unknown, unknown>([
    [1, 'one'],
    ['two', [2]],
  ]),
  nested: { a: { b: { c: [{}] } } },
  ['a key of more than sixty-three bytes, which is written out each time']: 1,
}

describe('memory that ends in mid-frame', () => {
  const frame = hexOf(frameOf(message))

  it('is grown by what is needed, wherever it ends', () => {
    for (let size = 0; size <= frame.length / 2 + 16; size++) {
      const writer = new FrameWriter(new Grower())
      const length = writer.write(message, memoryOf(size + 7), 7, serverLimits)
      const { memory, start } = writer
      expect(hexOf(memory.bytes.subarray(start, start + length))).toBe(frame)
    }
  })

  it('is not grown if the frame fits with some bytes to spare', () => {
    const grower = new Grower()
    const writer = new FrameWriter(grower)
    const memory = memoryOf(frame.length / 2 + 16, true)
    writer.write(message, memory, 0, serverLimits)
    expect(grower.asked).toBe(0)
    expect(writer.memory).toBe(memory)
  })
})

describe('a getter', () => {
  it('may move the frame that it interrupts', () => {
    for (const shared of [false, true]) {
      const writer = new FrameWriter(new Grower())
      const other = memoryOf(200, shared)
      const moving = {
        action: 'x',
        list: [
          1,
          {
            get v() {
              expect(writer.active).toBe(true)
              writer.moveTo(other, 100)
              return { deep: 2 }
            },
            after: 'moved',
          },
        ],
        last: 3,
      }
      const length = writer.write(moving, memoryOf(200), 5, serverLimits)
      expect([writer.memory, writer.start]).toEqual([other, 100])
      const plain = { action: 'x', list: [1, { v: { deep: 2 }, after: 'moved' }], last: 3 }
      expect(hexOf(other.bytes.subarray(100, 100 + length))).toBe(hexOf(frameOf(plain)))
    }
  })

  it('may move it within its own memory, at each place and more than once', () => {
    const writer = new FrameWriter(new Grower())
    const memory = memoryOf(400)
    let moves = 0
    const trap = <Target extends object>(target: Target): Target =>
      new Proxy(target, {
        get(of, key, self) {
          writer.moveTo(memory, writer.start + 1)
          moves++
          const value: unknown = Reflect.get(of, key, self)
          return typeof value === 'object' && value !== null ? trap(value) : value
        },
      })
    const plain = { action: 'x', a: [1, 'two', { b: [true] }], c: { d: { e: 'f' } } }
    const length = writer.write(trap(plain), memory, 0, serverLimits)
    expect(moves).toBeGreaterThan(10)
    expect(writer.start).toBe(moves)
    expect(hexOf(memory.bytes.subarray(moves, moves + length))).toBe(hexOf(frameOf(plain)))
  })

  it('may move it to memory that has no room for the rest', () => {
    const writer = new FrameWriter(new Grower())
    const plain = { action: 'x', a: 'text'.repeat(10), b: [1, 2, 3] }
    const moving = {
      ...plain,
      get a() {
        writer.moveTo(memoryOf(17), 0)
        return plain.a
      },
    }
    const length = writer.write(moving, memoryOf(100), 0, serverLimits)
    const { memory, start } = writer
    expect(hexOf(memory.bytes.subarray(start, start + length))).toBe(hexOf(frameOf(plain)))
  })

  it('may send something itself, by another writer', () => {
    const writer = new FrameWriter(new Grower())
    const nested = new FrameWriter(new Grower())
    const memory = memoryOf(100)
    const outer = {
      action: 'outer',
      get v() {
        expect(() => writer.write({ action: 'x' }, memory, 0, serverLimits)).toThrow('one frame')
        // What it sends goes out first: the outer frame makes room for it.
        const length = nested.write({ action: 'inner' }, memoryOf(50), 0, serverLimits)
        writer.moveTo(memory, writer.start + length)
        memory.bytes.set(nested.memory.bytes.subarray(0, length), 0)
        return 1
      },
    }
    const length = writer.write(outer, memory, 0, serverLimits)
    const inner = frameOf({ action: 'inner' })
    expect(hexOf(memory.bytes.subarray(0, writer.start + length))).toBe(
      hexOf(inner) + hexOf(frameOf({ action: 'outer', v: 1 })),
    )
  })

  it.each([
    ['adds keys', (of: Record<string, unknown>) => Object.assign(of, { added: 1, b: 2 })],
    ['deletes keys', (of: Record<string, unknown>) => delete of['b']],
  ])('that %s of its object leaves a map of as many entries as it says', (_, change) => {
    const object: Record<string, unknown> = {
      get a() {
        change(object)
        return 1
      },
      b: 2,
    }
    const frame = frameOf({ action: 'x', v: object })
    const left = 'b' in object ? { a: 1, b: 2 } : { a: 1 }
    expect(hexOf(frame)).toBe(hexOf(frameOf({ action: 'x', v: left })))
  })

  it('that changes the array or the Map it is in leaves a right count too', () => {
    const list: unknown[] = [
      {
        get v() {
          list.length = 1
          return 1
        },
      },
      2,
    ]
    expect(hexOf(frameOf({ action: 'x', list }))).toBe(
      hexOf(frameOf({ action: 'x', list: [{ v: 1 }, null] })),
    )
    const map = new Map<string, unknown>()
    map.set('a', {
      get v() {
        map.clear()
        map.set('c', 3)
        return 1
      },
    })
    map.set('b', 2)
    expect(hexOf(frameOf({ action: 'x', map }))).toBe(
      hexOf(frameOf({ action: 'x', map: { a: { v: 1 }, b: 2 } })),
    )
  })

  it('that takes away the memory of bytes that were sent before changes nothing', () => {
    const buffer = new ArrayBuffer(2)
    const frame = frameOf({
      action: 'x',
      binary: buffer,
      get after() {
        structuredClone(buffer, { transfer: [buffer] })
        return 1
      },
    })
    const same: Message = { action: 'x', binary: new Uint8Array(2), after: 1 }
    expect(hexOf(frame)).toBe(hexOf(frameOf(same)))
  })
})

it('a map of 16 entries and more has its head put in front, in mid-move too', () => {
  for (const size of [15, 16, 300, 65_536]) {
    const writer = new FrameWriter(new Grower())
    const keys = Array.from({ length: size }, (_, index) => `k${index}`)
    const plain = { action: 'x', v: Object.fromEntries(keys.map((key) => [key, [key]])) }
    let left = 3
    const moving = new Proxy(plain.v, {
      get(of, key) {
        if (left-- > 0) writer.moveTo(memoryOf(writer.memory.bytes.length + 50), 40 + left)
        return of[String(key)]
      },
    })
    const length = writer.write({ action: 'x', v: moving }, memoryOf(100), 0, serverLimits)
    const { memory, start } = writer
    const found = memory.bytes.subarray(start, start + length)
    expect(found.equals(frameOf(plain))).toBe(true)
    const head = size < 16 ? '8f' : size < 65_536 ? 'de' : 'df'
    expect(found.toString('hex', 16, 17)).toBe(head)
  }
})

it('enumerable properties of Object.prototype are not sent', () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>
  prototype['polluted'] = 1
  try {
    expect(hexOf(frameOf({ action: 'x', v: {} }))).toBe('0000000d82a6616374696f6ea178a17680')
  } finally {
    delete prototype['polluted']
  }
})

it('a Proxy that lies about its length is refused', () => {
  for (const length of [-1, 1.5, Number.NaN, '2', Number.POSITIVE_INFINITY]) {
    const list = new Proxy([], { get: () => length })
    expect(() => frameOf({ action: 'x', list })).toThrow(
      'list cannot be sent: its length is no count',
    )
  }
})

it('a source that fails leaves a writer that works', () => {
  const source = {
    grow(): { memory: Memory; start: number } {
      throw new Error('no memory')
    },
  }
  const writer = new FrameWriter(source)
  expect(() => writer.write(message, memoryOf(10), 0, serverLimits)).toThrow('no memory')
  expect(writer.active).toBe(false)
  expect(writer.write({ action: 'x' }, memoryOf(30), 0, serverLimits)).toBe(14)
})
