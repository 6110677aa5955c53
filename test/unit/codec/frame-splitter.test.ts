import { describe, expect, it } from 'vitest'
import { FrameSplitter } from '../../../ts/codec/frame-splitter.js'
import { bytes, concat, framed, repeated, split } from './support.js'

const A = bytes('81 a6 "action" a1 "x"')
const B = bytes('81 a6 "action" a2 "yy"')
const hexOf = (payload: Uint8Array) => Buffer.from(payload).toString('hex')

describe('payloads come out', () => {
  it('F6: once, of a frame in one-byte chunks', () => {
    const frame = framed(A)
    expect(split(Array.from(frame, (byte) => new Uint8Array([byte])))).toEqual([hexOf(A)])
  })

  it('F7: both and in order, of two frames cut at each place', () => {
    const stream = framed(A, B)
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(split([stream.subarray(0, cut), stream.subarray(cut)])).toEqual([hexOf(A), hexOf(B)])
    }
  })

  it('also of three chunks, cut at each two places', () => {
    const stream = framed(A, bytes('c0'), B)
    const whole = [hexOf(A), 'c0', hexOf(B)]
    for (let one = 0; one <= stream.length; one++) {
      for (let two = one; two <= stream.length; two++) {
        const chunks = [stream.subarray(0, one), stream.subarray(one, two), stream.subarray(two)]
        expect(split(chunks)).toEqual(whole)
      }
    }
  })

  it('F8: 10,000 of one chunk, where they lie in it', () => {
    const stream = repeated(framed(A), 10_000)
    const splitter = new FrameSplitter(65_536)
    splitter.push(stream)
    for (let index = 0; index < 10_000; index++) {
      expect(splitter.next()).toBe(true)
      expect(splitter.bytes).toBe(stream)
      expect(splitter.start).toBe(index * 14 + 4)
      expect(splitter.end).toBe(index * 14 + 14)
    }
    expect(splitter.next()).toBe(false)
    expect(splitter.isBetweenFrames()).toBe(true)
  })

  it('where they lie, if only the header came in the chunk before', () => {
    const splitter = new FrameSplitter(65_536)
    splitter.push(framed(A).subarray(0, 4))
    expect(splitter.next()).toBe(false)
    splitter.push(A)
    expect(splitter.next()).toBe(true)
    expect(splitter.bytes).toBe(A)
  })

  it('of chunks that are pushed before the last one was used up', () => {
    const splitter = new FrameSplitter(65_536)
    const stream = framed(A, B, A)
    for (let at = 0; at < stream.length; at += 5) splitter.push(stream.subarray(at, at + 5))
    expect(splitter.buffered).toBe(stream.length)
    const out: string[] = []
    while (splitter.next()) {
      out.push(hexOf(splitter.bytes.subarray(splitter.start, splitter.end)))
    }
    expect(out).toEqual([A, B, A].map(hexOf))
    expect(splitter.buffered).toBe(0)
  })

  it('F2: of exactly maxFrameLength', () => {
    const payload = repeated(bytes('c0'), 65_536)
    expect(split([framed(payload)])).toEqual([hexOf(payload)])
    expect(split([framed(payload), framed(A)])).toEqual([hexOf(payload), hexOf(A)])
  })
})

describe('a length is refused at the fourth byte', () => {
  it.each([
    ['F1', 'ff ff ff ff', 'FRAME_TOO_LARGE', 4_294_967_295],
    ['F3', '00 01 00 01', 'FRAME_TOO_LARGE', 65_537],
    ['F4', '80 00 00 00', 'FRAME_TOO_LARGE', 2_147_483_648],
    ['F4', '7f ff ff ff', 'FRAME_TOO_LARGE', 2_147_483_647],
    ['F14', '47 45 54 20 2f 20 48 54 54 50', 'FRAME_TOO_LARGE', 0x47455420],
    ['F5', '00 00 00 00', 'FRAME_EMPTY', undefined],
  ])('%s: %s', (_, header, code, length) => {
    for (const size of [1, 2, 3, 4, 10]) {
      const splitter = new FrameSplitter(65_536)
      const stream = bytes(header)
      for (let at = 0; at < stream.length; at += size) {
        splitter.push(stream.subarray(at, at + size))
        expect(splitter.next()).toBe(false)
        expect(splitter.fault === undefined).toBe(Math.min(at + size, stream.length) < 4)
      }
      expect(splitter.fault).toEqual(length === undefined ? { code } : { code, length })
    }
  })

  it('F16: after the frames before it, and for good', () => {
    const stream = concat(framed(A, B), bytes('00 00 00 00'), framed(A))
    expect(split([stream, framed(A)])).toEqual([hexOf(A), hexOf(B), 'FRAME_EMPTY'])
    for (let cut = 0; cut <= stream.length; cut++) {
      const chunks = [stream.subarray(0, cut), stream.subarray(cut)]
      expect(split(chunks)).toEqual([hexOf(A), hexOf(B), 'FRAME_EMPTY'])
    }
  })

  it('and holds nothing then', () => {
    const splitter = new FrameSplitter(65_536)
    splitter.push(concat(bytes('ff ff ff ff'), A))
    splitter.push(A)
    expect(splitter.next()).toBe(false)
    splitter.push(A)
    expect(splitter.buffered).toBe(0)
    expect(splitter.isBetweenFrames()).toBe(false)
  })
})

describe('what is held of an unfinished frame', () => {
  it('is told, so that a stream that ends there can be told from one that does not', () => {
    const splitter = new FrameSplitter(65_536)
    const frame = framed(A)
    expect(splitter.isBetweenFrames()).toBe(true)
    for (let at = 0; at < frame.length - 1; at++) {
      splitter.push(frame.subarray(at, at + 1))
      expect(splitter.next()).toBe(false)
      expect(splitter.buffered).toBe(at + 1)
      expect(splitter.isBetweenFrames()).toBe(false)
    }
    splitter.push(frame.subarray(frame.length - 1))
    expect(splitter.next()).toBe(true)
    expect(splitter.isBetweenFrames()).toBe(true)
  })

  it('grows with what has come, and not with what a header promises', () => {
    const sizes: number[] = []
    const { allocUnsafeSlow } = Buffer
    Buffer.allocUnsafeSlow = (size) => {
      sizes.push(size)
      return allocUnsafeSlow(size)
    }
    try {
      const splitter = new FrameSplitter(1_048_576)
      splitter.push(bytes('00 10 00 00'))
      expect(splitter.next()).toBe(false)
      expect(sizes).toEqual([])
      let sent = 0
      while (sent < 1_048_576) {
        splitter.push(repeated(bytes('c0'), 1024))
        sent += 1024
        expect(splitter.next()).toBe(sent === 1_048_576)
        expect(sizes.at(-1)).toBeLessThanOrEqual(Math.max(2 * sent, 256))
      }
      // Doubling: each byte was copied less than twice on average.
      expect(sizes.length).toBeLessThan(12)
      expect(splitter.end).toBe(1_048_576)
    } finally {
      Buffer.allocUnsafeSlow = allocUnsafeSlow
    }
  })
})
