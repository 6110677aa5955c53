/** A compiled writer and the generic walk are one writer: the same bytes, errors, reads and moves. */
import { describe, expect, it } from 'vitest'
import { FrameWriter } from '../../../ts/codec/frame-writer.js'
import { compiled, expectEqual, generic, LEARNT, learnt, outcome } from './both-writers.js'
import { Grower, memoryOf } from './support.js'

const HOSTILE_KEYS = [
  `'`,
  '"',
  '`$' + '{1}`',
  '\\',
  '\\"',
  '\n',
  '\0',
  '\u2028',
  '\u2029',
  '];throw 1//',
  'constructor',
  'hasOwnProperty',
  'toString',
  'then',
  'p1',
  'W',
  'é',
  '漢字',
  '😀',
  '',
  '0',
  '17',
  '-1',
  'x'.repeat(31),
  'x'.repeat(32),
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(256),
  'lone \ud800',
]

describe('a compiled writer', () => {
  it('is there after a few messages, and is called', () => {
    const message = { action: 'move', x: 1.5, y: -2, name: 'a', list: [{ a: 1 }, { a: 2 }] }
    const writer = learnt(message)
    expect(writer.compiledShapes).toBe(1)
    expectEqual(writer, () => message)
    const never = new FrameWriter(new Grower())
    for (let times = 0; times < LEARNT; times++) outcome(never, message, generic)
    expect(never.compiledShapes).toBe(0)
  })

  it.each(HOSTILE_KEYS)('takes the key %j as the text that it is', (key) => {
    const message = { action: key, [key]: 1, inside: { [key]: 'x' }, list: [{ [key]: true }] }
    const writer = learnt(message)
    expectEqual(writer, () => message)
    expectEqual(writer, () => ({ ...message, action: 'other', [key]: 'two' }))
  })

  it('leaves `__proto__` to the error that it is', () => {
    const inside = JSON.parse('{"__proto__": 1, "a": 2}') as object
    const writer = learnt({ action: 'x', inside: { a: 1 } })
    expectEqual(writer, () => ({ action: 'x', inside }))
    expect(outcome(writer, { action: 'x', inside }, compiled).error).toContain('__proto__')
  })

  it('has many fields, and nests as deep as it is told', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`k${index}`, index]))
    const message = { action: 'x', many, deep: { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } } }
    const writer = learnt(message)
    expect(writer.compiledShapes).toBe(1)
    for (let maxDepth = 1; maxDepth < 12; maxDepth++) {
      expectEqual(writer, () => message, { maxDepth })
    }
    for (const maxKeyLength of [1, 3, 4, 5, 6]) expectEqual(writer, () => message, { maxKeyLength })
    for (const maxActionLength of [1, 2, 3]) {
      for (const action of ['x', 'yy', 'é', '漢']) {
        expectEqual(writer, () => ({ ...message, action }), { maxActionLength })
      }
    }
  })

  it('ends at the limit of the frame where the walk does, with the same path', () => {
    const list = Array.from({ length: 5 }, (_, id) => ({ id, name: `name${id}`, x: 0.5 }))
    const message = { action: 'x', list, last: { text: 'some text', ok: true } }
    const writer = learnt(message)
    for (let maxOutboundFrameLength = 1; maxOutboundFrameLength < 160; maxOutboundFrameLength++) {
      expectEqual(writer, () => message, { maxOutboundFrameLength })
    }
  })

  it('says of a circle what the walk says', () => {
    const node = (next: unknown) => ({ action: 'x', id: 1, next, list: [{ id: 1, next: null }] })
    const writer = learnt(node(node(null)))
    expectEqual(writer, () => {
      const message = node(null) as { next: unknown }
      message.next = message
      return message
    })
    expectEqual(writer, () => {
      const inner = node(null) as { next: unknown }
      const message = node(inner)
      inner.next = message
      return message
    })
    expectEqual(writer, () => {
      const message = node(null)
      message.list = [message as never]
      return message
    })
    expectEqual(writer, () => {
      const message = node(null) as { list: unknown[] }
      message.list.push({ id: 1, next: message.list })
      return message
    })
  })

  it('is not mistaken about what only looks like its message', () => {
    const writer = learnt({ action: 'x', at: { a: 1 }, list: [{ a: 1 }] })
    class Point {
      a = 1
    }
    const odd = [
      new Point(),
      new Map([['a', 1]]),
      new Date(0),
      [1],
      Object.assign([1], { a: 1 }),
      Object.assign(Object.create(null) as object, { a: 1 }),
      Object.assign(Object.create({ a: 5 }) as object, { b: 1 }),
      Object.create({ a: 5 }),
      Object.setPrototypeOf([1], Object.prototype),
      Object.setPrototypeOf({ a: 1 }, Array.prototype),
      Object.defineProperty({ a: 1 }, 'b', { value: 2 }),
      Object.assign(new Date(0), { a: 1 }),
      new Set([1]),
      { b: 1 },
      { a: 1, b: 2 },
      {},
      () => 1,
      Symbol('s'),
      10n,
      2n ** 70n,
      'text',
      NaN,
      -0,
      undefined,
      null,
      new Uint8Array(3),
      new Proxy({ a: 1 }, {}),
      new Proxy([{ a: 1 }], {}),
    ]
    for (const value of odd) {
      expectEqual(writer, () => ({ action: 'x', at: value, list: [{ a: 1 }] }))
      expectEqual(writer, () => ({ action: 'x', at: { a: value }, list: [{ a: 1 }] }))
      expectEqual(writer, () => ({ action: 'x', at: { a: 1 }, list: value }))
      expectEqual(writer, () => ({ action: 'x', at: { a: 1 }, list: [{ a: 1 }, value, { a: 1 }] }))
      expectEqual(writer, () => ({ action: 'x', at: { a: 1 }, list: [{ a: value }] }))
      expectEqual(writer, () => ({ action: value, at: { a: 1 }, list: [{ a: 1 }] }))
      expectEqual(writer, () => value)
    }
    expect(writer.compiledShapes).toBe(0)
  })

  it('does not take what Object.prototype has for a field', () => {
    const writer = learnt({ action: 'x', a: 1, b: 2 }, { action: 'x', at: { a: 1, b: 2 } })
    const everyObject = Object.prototype as { b?: number }
    try {
      everyObject.b = 3
      expectEqual(writer, () => ({ action: 'x', a: 1 }))
      expectEqual(writer, () => ({ action: 'x', at: { a: 1 } }))
    } finally {
      delete everyObject.b
    }
  })
})

describe('code of the user’s in a message', () => {
  const plain = () => ({
    action: 'x',
    a: 1,
    b: 'two',
    at: { c: 3, d: { e: 'f' }, g: null },
    list: [
      { h: 1, i: true, j: [1, 2] },
      { h: 2, i: false, j: [3] },
    ],
    last: 'l',
  })
  type Trap = (log: string[], path: string, object: Record<string, unknown>) => void

  /** The message with an accessor for each field, and what happens when it is read. */
  function trapped(value: unknown, log: string[], trap: Trap, path = ''): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) {
      return value.map((each, index) => trapped(each, log, trap, `${path}[${index}]`))
    }
    const object: Record<string, unknown> = {}
    for (const [key, inner] of Object.entries(value)) {
      const at = `${path}.${key}`
      const given = trapped(inner, log, trap, at)
      Object.defineProperty(object, key, {
        enumerable: true,
        configurable: true,
        get() {
          log.push(at)
          trap(log, at, object)
          return given
        },
      })
    }
    return object
  }

  function expectSame(
    trap: (writer: FrameWriter) => Trap,
    change: (of: object) => unknown = (of) => of,
  ) {
    for (const size of [4096, 40]) {
      const results = [compiled, generic].map((limits) => {
        const writer = learnt(plain())
        expect(writer.compiledShapes).toBe(1)
        const log: string[] = []
        const message = trapped(change(plain()), log, trap(writer))
        return { log, ...outcome(writer, message, limits, size) }
      })
      expect(results[0]).toEqual(results[1])
    }
  }

  it('runs once for each field, in the same order', () => {
    expectSame(() => () => undefined)
  })

  const paths: string[] = []
  trapped(plain(), paths, () => undefined)
  const all = (() => {
    const log: string[] = []
    outcome(
      new FrameWriter(new Grower()),
      trapped(plain(), log, () => undefined),
      generic,
    )
    return log
  })()

  it.each(all)('may throw at %s', (at) => {
    expectSame(() => (_, path) => {
      if (path === at) throw new RangeError('of mine')
    })
  })

  it.each(all)('may move the frame at %s', (at) => {
    expectSame((writer) => (_, path) => {
      if (path === at) writer.moveTo(memoryOf(90), 11)
    })
  })

  it.each(all)('may change its object at %s', (at) => {
    for (const change of [
      (of: Record<string, unknown>) => {
        for (const key of Object.keys(of).slice(1)) delete of[key]
      },
      (of: Record<string, unknown>) => delete of[Object.keys(of).at(-1) as string],
      (of: Record<string, unknown>) => delete of['at'],
      (of: Record<string, unknown>) => Object.assign(of, { added: 1 }),
      (of: Record<string, unknown>) => delete of['action'],
    ]) {
      expectSame(() => (_, path, object) => {
        if (path === at) change(object)
      })
    }
  })

  it.each(all)('may give a value of another kind at %s', (at) => {
    for (const value of [Symbol('s'), [], {}, { c: 1 }, 2n, null, undefined, 'é', 7, new Date(0)]) {
      const changed = (of: unknown, path = ''): unknown => {
        if (path === at) return value
        if (typeof of !== 'object' || of === null) return of
        if (Array.isArray(of)) return of.map((each, index) => changed(each, `${path}[${index}]`))
        return Object.fromEntries(
          Object.entries(of).map(([key, inner]) => [key, changed(inner, `${path}.${key}`)]),
        )
      }
      expectSame(() => () => undefined, changed)
    }
  })

  it('may send something itself', () => {
    const nested = learnt(plain())
    expectSame((writer) => () => {
      const memory = writer.memory
      const { start } = writer
      const { frame = '' } = outcome(nested, plain(), compiled)
      writer.moveTo(memoryOf(4096), 100)
      memory.bytes.write(frame, start, 'hex')
    })
  })
})
