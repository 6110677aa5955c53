import { describe, expect, it } from 'vitest'
import { FrameWriter } from '../../../ts/codec/frame-writer.js'
import type { Message } from '../../../ts/message.js'
import {
  frameOf,
  Grower,
  invalid,
  memoryOf,
  outOfRange,
  refusal,
  refused,
  serverLimits,
  written,
} from './support.js'

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('D21: a message that cannot be sent says where and why', () => {
  it.each([
    ['a function', () => 1, 'it is a function'],
    ['a class', class {}, 'it is a function'],
    ['a symbol', Symbol('s'), 'it is a symbol'],
    ['a Set', new Set([1]), 'it is a Set'],
    ['a RegExp', /x/, 'it is a RegExp'],
    ['a Promise', Promise.resolve(), 'it is a Promise'],
    ['a WeakMap', new WeakMap(), 'it is a WeakMap'],
    ['a boxed number', Object(1), 'it is a Number'],
    ['an invalid Date', new Date(Number.NaN), 'it is an invalid Date'],
    ['a Date behind a Proxy', new Proxy(new Date(), { get: dateTag }), 'it only looks like a Date'],
    ['an Error', new RangeError('x'), 'it is an Error'],
    [
      'a Map behind a Proxy',
      new Proxy(new Map(), {}),
      'it only looks like a Map (a Proxy of one?)',
    ],
  ])('%s', (_, value, why) => {
    expect(refusal({ players: [0, { name: value }] })).toBe(invalid('v.players[1].name', why))
  })

  function dateTag(target: object, key: string | symbol): unknown {
    return key === Symbol.toStringTag ? 'Date' : Reflect.get(target, key)
  }

  it('the path has keys as they are written in JavaScript', () => {
    const bad = () => {}
    expect(refused({ action: 'x', players: [1, 2, 3, { name: bad }] })).toContain(
      'players[3].name ',
    )
    expect(refusal({ 'a b': bad })).toContain('v["a b"] ')
    expect(refusal({ '': bad })).toContain('v[""] ')
    expect(refusal({ ünï: bad })).toContain('v.ünï ')
    expect(refusal(new Map<unknown, unknown>([[7, bad]]))).toContain('v[7] ')
    expect(refusal({ ['k'.repeat(200)]: bad })).toContain(`v.${'k'.repeat(64)}… `)
  })

  it('the path is that of the value, not of what came before it', () => {
    const bad = () => {}
    expect(refusal([[1, [2]], [], bad])).toContain('v[2] ')
    expect(refusal({ a: { b: { c: 1 } }, d: bad })).toContain('v.d ')
    expect(refused({ a: { b: 1 }, action: 'x', f: bad })).toContain('f cannot')
  })

  it('what contains itself', () => {
    const loop: Record<string, unknown> = { action: 'x' }
    loop['self'] = loop
    expect(refused(loop)).toBe(invalid('self', 'it contains itself'))
    const list: unknown[] = []
    list.push([list])
    expect(refusal(list)).toBe(invalid('v[0][0]', 'it contains itself'))
    const map = new Map<string, unknown>()
    map.set('m', { map })
    expect(refusal(map)).toBe(invalid('v.m.map', 'it contains itself'))
    const shared = [1]
    expect(written([shared, shared])).toBe('9291019101')
  })

  it('what is deeper than maxDepth, however deep', () => {
    const nested = (levels: number) => {
      let value: unknown = []
      for (let level = 2; level < levels; level++) value = [value]
      return value
    }
    expect(refusal(nested(64))).toBe('nothing was thrown')
    expect(refusal(nested(65))).toBe(
      outOfRange(`v${'[0]'.repeat(63)}`, 'it is nested deeper than maxDepth (64 levels)'),
    )
    expect(refusal(nested(10_000))).toContain('nested deeper')
    expect(refusal([{}], { maxDepth: 2 })).toContain('v[0] cannot be sent: it is nested deeper')
  })

  it('a key that no peer takes', () => {
    expect(refusal(JSON.parse('{"__proto__": 1}'))).toBe(
      invalid('v.__proto__', '`__proto__` is no key'),
    )
    expect(refusal(new Map([['__proto__', 1]]))).toBe(
      invalid('v.__proto__', '`__proto__` is no key'),
    )
    const why = 'its key is over maxKeyLength (256 bytes)'
    for (const key of ['k'.repeat(257), 'é'.repeat(129), 'x'.repeat(100_000)]) {
      expect(refusal({ [key]: 1 })).toBe(outOfRange(`v.${key.slice(0, 64)}…`, why))
      expect(refusal(new Map([[key, 1]]))).toBe(outOfRange(`v.${key.slice(0, 64)}…`, why))
    }
    expect(refusal({ [`${'é'.repeat(128)}`]: 1 })).toBe('nothing was thrown')
    // The same key again, now that the writer knows it, under another limit.
    const writer = new FrameWriter(new Grower())
    const message = { action: 'x', seven77: 1 }
    writer.write(message, memoryOf(64), 0, serverLimits)
    expect(() =>
      writer.write(message, memoryOf(64), 0, { ...serverLimits, maxKeyLength: 6 }),
    ).toThrow('seven77 cannot be sent: its key is over maxKeyLength (6 bytes)')
  })

  it('keys that are one as text', () => {
    const same = 'two keys of the Map are the same text'
    expect(
      refusal(
        new Map<unknown, unknown>([
          [1, 1],
          ['1', 2],
        ]),
      ),
    ).toBe(invalid('v["1"]', same))
    expect(
      refusal(
        new Map<unknown, unknown>([
          [1, 1],
          [1n, 2],
        ]),
      ),
    ).toBe(invalid('v[1]', same))
    expect(
      refusal(
        new Map([
          ['\ud800', 1],
          ['\udbff', 2],
        ]),
      ),
    ).toBe(invalid('v["\\udbff"]', same))
    expect(refusal({ a: 1, '\ud800': 1, '\ufffd': 2 })).toBe(
      invalid('v["\\ud800"]', 'two keys of the object are the same text'),
    )
    expect(written({ '\ud800': 1 })).toBe('81a3efbfbd01')
  })

  it('keys of a Map that are neither texts nor integers', () => {
    const map = (key: unknown) => new Map([[key, 1]])
    for (const key of [1.5, Number.NaN, 2 ** 53, null, undefined, true, {}, Symbol('s')]) {
      expect(refusal(map(key))).toContain(
        'v cannot be sent: the keys of a Map must be strings or integers, not ',
      )
    }
    expect(refusal(map(2n ** 64n))).toContain('v[18446744073709551616] cannot be sent: a bigint')
  })

  it.each([
    [null],
    [undefined],
    [5],
    ['x'],
    [[]],
    [['action']],
    [new Date()],
    [new Uint8Array(2)],
    [new Set()],
    [{}],
    [{ Action: 'x' }],
    [Object.create({ action: 'inherited' })],
    [() => 1],
  ])('a message that is none: %j', (message) => {
    expect(refused(message)).toBe(
      invalid('the message', 'it must be an object with a string `action`'),
    )
  })

  it.each([
    [5, 'number'],
    [null, 'null'],
    [undefined, 'undefined'],
    [['x'], 'array'],
    [{}, 'object'],
    [Object('x'), 'it is a String'],
  ])('the action %j', (action, name) => {
    const why = name.startsWith('it') ? name : `it must be a string, not ${name}`
    expect(refused({ action })).toBe(invalid('action', why))
  })

  it('an action over maxActionLength, in bytes', () => {
    expect(refused({ action: 'é'.repeat(32) })).toBe('nothing was thrown')
    expect(refused({ action: `${'é'.repeat(32)}x` })).toBe(
      outOfRange('action', 'it is over maxActionLength (64 bytes)'),
    )
    expect(refused({ action: '' })).toBe('nothing was thrown')
    expect(refused({ action: 'x', v: { action: 5 } })).toBe('nothing was thrown')
  })
})

describe('maxOutboundFrameLength', () => {
  const tooLarge = (where: string, limit: number) =>
    `RangeError REPOD_ERR_FRAME_TOO_LARGE ${where} cannot be sent: ` +
    `the frame is over maxOutboundFrameLength (${limit} bytes)`

  it('is exact, whatever the last value is', () => {
    const values = [1, 300, 70_000, 2 ** 40, 0.5, true, null, 2n ** 60n, 'x', 'x'.repeat(25), 'é']
    const more = ['x'.repeat(300), 'é'.repeat(3000), new Date(1), new Date(0), new Uint8Array(9)]
    for (const value of [...values, ...more, [], {}, [1, 2], { a: 1 }, new Map([[1, 1]])]) {
      const message = { action: 'x', v: value }
      const payload = frameOf(message).length - 4
      expect(frameOf(message, { maxOutboundFrameLength: payload })).toEqual(frameOf(message))
      expect(refused(message, { maxOutboundFrameLength: payload - 1 })).toMatch(
        /^RangeError REPOD_ERR_FRAME_TOO_LARGE .*over maxOutboundFrameLength/,
      )
    }
  })

  it('is exact in memory that is much larger', () => {
    const writer = new FrameWriter(new Grower())
    const memory = memoryOf(100_000)
    const message = { action: 'x', v: Array.from({ length: 50 }, () => 1) }
    const limits = (maxOutboundFrameLength: number) => ({ ...serverLimits, maxOutboundFrameLength })
    const length = writer.write(message, memory, 0, limits(1000))
    expect(writer.write(message, memory, 0, limits(length - 4))).toBe(length)
    expect(() => writer.write(message, memory, 0, limits(length - 5))).toThrow('over max')
  })

  it('D21: is told before a sparse array of 4e9 is walked', () => {
    const sparse: unknown[] = []
    sparse.length = 4e9
    expect(refusal(sparse)).toBe(tooLarge('v', 1_048_576))
  })

  it('is told before a long text, bytes, or many keys are written', () => {
    const asked = new Grower()
    const writer = new FrameWriter(asked)
    const many = new Map(Array.from({ length: 600_000 }, (_, key) => [key, 0]))
    for (const v of ['x'.repeat(2 ** 28), new Uint8Array(2 ** 24), many, [[many]]]) {
      expect(() => writer.write({ action: 'x', v }, memoryOf(64), 0, serverLimits)).toThrow(
        'the frame is over maxOutboundFrameLength',
      )
    }
    expect(asked.asked).toBe(0)
  })

  it('stops an array that never ends', () => {
    const endless = new Proxy([], {
      get: (_, key) => (key === 'length' ? 1_000_000 : 'a text that makes it long'),
    })
    expect(refusal(endless)).toMatch(/^RangeError REPOD_ERR_FRAME_TOO_LARGE v\[\d+\] cannot/)
  })
})

describe('a writer', () => {
  it('goes on after a message that it refused', () => {
    const writer = new FrameWriter(new Grower())
    const memory = memoryOf(100)
    const loop: Record<string, unknown> & { action: string } = { action: 'x' }
    loop['a'] = { loop }
    expect(() => writer.write(loop, memory, 0, serverLimits)).toThrow('contains itself')
    expect(writer.active).toBe(false)
    loop['a'] = 1
    expect(writer.write(loop, memory, 0, serverLimits)).toBe(17)
  })

  it('passes on what a getter throws', () => {
    const broken = new Error('mine')
    const message = {
      action: 'x',
      get v(): never {
        throw broken
      },
    }
    expect(() => frameOf(message)).toThrow(broken)
  })

  it('reads each property once', () => {
    const reads: (string | symbol)[] = []
    const spy = (target: object): object =>
      new Proxy(target, {
        get(of, key, self) {
          if (key !== Symbol.toStringTag) reads.push(key)
          return Reflect.get(of, key, self)
        },
      })
    frameOf(spy({ action: 'x', a: spy([1, 2]), b: spy({ c: 1 }) }))
    expect(reads).toEqual(['action', 'a', 'length', '0', '1', 'b', 'c'])
  })

  it('remembers a bounded number of keys, and is right beyond them', () => {
    const writer = new FrameWriter(new Grower())
    const memory = memoryOf(1000)
    for (let index = 0; index < 80_000; index++) {
      const message: Message = { action: 'x', [`key${index}`]: index & 0x7f, same: 1 }
      const length = writer.write(message, memory, 0, serverLimits)
      const key = Buffer.from(`key${index}`).toString('hex')
      const hex = `83a6616374696f6ea178a${key.length / 2}${key}`
      const found = hexOf(memory.bytes.subarray(4, length))
      if (!found.startsWith(hex)) expect(found).toBe(hex)
    }
  })
})
