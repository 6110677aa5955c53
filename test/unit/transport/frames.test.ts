import { describe, expect, test } from 'vitest'
import { parseServerOptions } from '../../../ts/options.js'
import { ConnectionTable } from '../../../ts/transport/connection-table.js'
import { Frames } from '../../../ts/transport/frames.js'
import { indexOf } from '../../../ts/transport/transport.js'

const options = parseServerOptions({ maxOutboundFrameLength: 16_777_215, maxBufferedOut: 2 ** 25 })
const at = (frames: Frames): Buffer =>
  frames.chunk.bytes.subarray(frames.start, frames.start + frames.length)

describe('Frames', () => {
  test('frames that are kept stand behind each other; one that is not is written over', () => {
    const frames = new Frames()
    const first = frames.write({ action: 'a' }, options)
    frames.chunk.pin()
    frames.keep()
    frames.write({ action: 'b' }, options)
    expect(frames.start).toBe(first)
    frames.write({ action: 'c' }, options)
    expect(frames.start).toBe(first)
    expect(at(frames).toString('latin1')).toContain('\xa1c')
  })

  test('a chunk begins again when nobody needs it any more', () => {
    const frames = new Frames()
    frames.write({ action: 'a' }, options)
    const { chunk } = frames
    chunk.pin()
    frames.keep()
    chunk.unpin()
    frames.write({ action: 'b' }, options)
    expect(frames.chunk).toBe(chunk)
    expect(frames.start).toBe(0)
  })

  test('a frame larger than a chunk has memory of its own, and leaves none behind', () => {
    const frames = new Frames()
    const text = 'x'.repeat(16_000_000)
    const length = frames.write({ action: 'a', parts: [text, 'y'.repeat(700_000)] }, options)
    expect(at(frames)).toHaveLength(length)
    expect(at(frames).readUInt32BE(0)).toBe(length - 4)
    frames.chunk.pin()
    frames.keep()
    frames.write({ action: 'b' }, options)
    expect(frames.chunk.bytes.length).toBe(65_536)
  })

  test('a frame written inside another has other memory, and neither harms the other', () => {
    const frames = new Frames()
    let inner: Buffer = Buffer.alloc(0)
    const message = {
      action: 'outer',
      get v() {
        expect(frames.writing).toBe(true)
        frames.write({ action: 'inner', text: 'i'.repeat(3_000) }, options)
        inner = at(frames)
        frames.keep()
        return 'o'.repeat(100_000)
      },
    }
    frames.write(message, options)
    expect(frames.writing).toBe(false)
    expect(inner.toString('latin1')).toContain('i'.repeat(3_000))
    expect(at(frames).toString('latin1')).toContain('o'.repeat(100_000))
  })

  test('a getter that throws leaves the next frame as if nothing had been', () => {
    const frames = new Frames()
    const failing = {
      action: 'x',
      get v(): never {
        throw new Error('on purpose')
      },
    }
    expect(() => frames.write(failing, options)).toThrow('on purpose')
    expect(frames.writing).toBe(false)
    frames.write({ action: 'x' }, options)
    expect(at(frames).toString('hex')).toBe('0000000a81a6616374696f6ea178')
  })
})

describe('ConnectionTable', () => {
  test('indices are dense and used again, numbers are not', () => {
    const table = new ConnectionTable<string>()
    const numbers: number[] = []
    const add = (name: string): number => {
      table.add((connection) => {
        numbers.push(connection)
        return name
      })
      return numbers.at(-1) as number
    }
    const [a, b] = [add('a'), add('b')]
    expect([indexOf(a), indexOf(b)]).toEqual([0, 1])
    table.remove(a)
    expect(table.get(a)).toBeUndefined()
    const c = add('c')
    expect(indexOf(c)).toBe(0)
    expect(c).not.toBe(a)
    expect([table.get(a), table.get(b), table.get(c)]).toEqual([undefined, 'b', 'c'])
    // A second farewell to the dead does not hit the living.
    table.remove(a)
    expect(table.get(c)).toBe('c')
    for (let n = 0; n < 10_000; n++) table.remove(add('d'))
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(indexOf(numbers.at(-1) as number)).toBe(2)
  })
})
