/** Which messages get a compiled writer, and what a churn of shapes leaves behind. */
import { describe, expect, it } from 'vitest'
import { FrameWriter } from '../../../ts/codec/frame-writer.js'
import { compiled, expectEqual, generic, learnt, outcome } from './both-writers.js'
import { Grower, memoryOf, random } from './support.js'

describe('what repeats and what does not', () => {
  it('is the same for 100,000 messages of many shapes', { timeout: 60_000 }, () => {
    const seed = Date.now() & 0x7fffffff
    const next = random(seed)
    const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T
    const keys = [
      'action',
      'x',
      'y',
      'name',
      'list',
      'é',
      'constructor',
      '7',
      'a"b',
      'k'.repeat(63),
    ]
    const scalar = (): unknown =>
      pick([
        () => Math.floor(next() * 300) - 150,
        () => next() * 1e6,
        () => Math.floor(next() * 2 ** 40) * pick([1, -1]),
        () => pick(['', 'a', 'player', 'é', 'x'.repeat(40), '漢字'.repeat(20)]),
        () => next() < 0.5,
        () => null,
        () => pick([undefined, 2n ** 60n, NaN, -0, new Date(5), Symbol('s'), new Uint8Array(2)]),
      ])()
    /** A maker of values of one kind, that now and then makes another. */
    const kind = (depth: number): (() => unknown) => {
      const choice = next()
      if (depth > 3 || choice < 0.6) {
        const sample = scalar()
        if (typeof sample === 'number')
          return () => (next() < 0.97 ? next() * 1000 - 200 : scalar())
        if (typeof sample === 'string') return () => (next() < 0.97 ? `n${next()}` : scalar())
        return () => (next() < 0.9 ? sample : scalar())
      }
      const inner = kind(depth + 1)
      if (choice < 0.75) return () => Array.from({ length: Math.floor(next() * 5) }, inner)
      return object(depth + 1)
    }
    const object = (depth: number): (() => Record<string, unknown>) => {
      const names = keys.filter(() => next() < 0.4)
      const kinds = names.map(() => kind(depth))
      return () => {
        const made: Record<string, unknown> = {}
        for (const [index, name] of names.entries()) {
          if (next() > 0.005) made[name] = kinds[index]?.()
        }
        return made
      }
    }
    let writer = new FrameWriter(new Grower())
    const walk = new FrameWriter(new Grower())
    let errors = 0
    let shapes = 0
    for (let shape = 0; shape < 1000; shape++) {
      if (shape % 100 === 0) {
        shapes += writer.compiledShapes
        writer = new FrameWriter(new Grower())
      }
      const make = object(0)
      const action = pick(['x', 'move', 'é'])
      for (let times = 0; times < 100; times++) {
        const message = { action: next() < 0.98 ? action : scalar(), ...make() }
        if (next() < 0.98) message.action = action
        const size = pick([16, 64, 4096])
        const expected = outcome(walk, message, generic, size)
        const found = outcome(writer, message, compiled, size)
        if (expected.error !== undefined) errors++
        if (found.frame !== expected.frame || found.error !== expected.error) {
          expect({ seed, message, ...found }).toEqual({ seed, message, ...expected })
        }
      }
    }
    expect(errors).toBeGreaterThan(100)
    expect(errors).toBeLessThan(50_000)
    expect(shapes).toBeGreaterThan(100)
  })

  it('has a bound: fresh keys leave nothing behind, and what repeats is found again', () => {
    const writer = new FrameWriter(new Grower())
    for (let index = 0; index < 2000; index++) {
      for (let times = 0; times < 5; times++) {
        outcome(writer, { action: 'x', [`k${index}`]: 1 }, compiled)
      }
    }
    expect(writer.compiledShapes).toBe(256)
    // A place among them is given only now and then, and to what comes often.
    for (let times = 0; times < 70_000; times++) {
      writer.write({ action: 'x', k1999: 1 }, memory, 0, compiled)
    }
    expect(writer.compiledShapes).toBe(256)
    expectEqual(writer, () => ({ action: 'x', k1999: 1 }))
  })

  it('gives up a writer that does not fit', () => {
    const writer = learnt({ action: 'x', v: 1 })
    expect(writer.compiledShapes).toBe(1)
    for (let times = 0; times < 200; times++) outcome(writer, { action: 'x', v: [1] }, compiled)
    expect(writer.compiledShapes).toBe(0)
    expectEqual(writer, () => ({ action: 'x', v: [1] }))
  })

  const memory = memoryOf(4096)
})
