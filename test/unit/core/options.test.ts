import { describe, expect, test } from 'vitest'
import { Client, ConnectionListener, Server } from '../../../ts/index.js'
import {
  CHOICE_OPTIONS,
  NUMBER_OPTIONS,
  type NumberOption,
  parseClientOptions,
  parseListenerOptions,
  parseServerOptions,
} from '../../../ts/options.js'

const names = Object.keys(NUMBER_OPTIONS) as NumberOption[]

/** What else an option needs to be legal at an end of its range. */
function partners(name: NumberOption, value: number): object {
  if (name === 'writeLowWater') return { writeHighWater: Math.min(value + 1, 2 ** 31 - 1) }
  if (name === 'maxBufferedOut') return { maxOutboundFrameLength: Math.min(value, 2 ** 24 - 1) }
  return {}
}

describe('a numeric option', () => {
  test.each(names)('%s is what it was given, at both ends of its range', (name) => {
    const { min, max } = NUMBER_OPTIONS[name]
    // At its top writeLowWater has no writeHighWater above it; at 1 writeHighWater has 0 below it.
    const top = name === 'writeLowWater' ? max - 1 : max
    for (const value of [min, top]) {
      const parsed = parseServerOptions({ [name]: value, ...partners(name, value) })
      expect(parsed[name]).toBe(value)
    }
  })

  test.each(names)('%s outside of its range throws, and names itself, value and range', (name) => {
    const { min, max } = NUMBER_OPTIONS[name]
    for (const value of [min - 1, max + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const call = () => new Server({ [name]: value, transport: 'pure' })
      expect(call).toThrow(RangeError)
      expect(call).toThrow(`${name} must be an integer from ${min} to ${max}`)
      expect(call).toThrow(`got ${value}`)
      expect(call).toThrow(expect.objectContaining({ code: 'REPOD_ERR_INVALID_OPTION' }))
    }
  })

  test.each(names)('%s of another type throws a TypeError', (name) => {
    for (const value of ['5', null, 5n, {}, true]) {
      const call = () => parseServerOptions({ [name]: value } as object)
      expect(call).toThrow(TypeError)
      expect(call).toThrow(`${name} must be an integer`)
    }
  })

  test.each(names)('%s that is undefined counts as not given', (name) => {
    expect(parseServerOptions({ [name]: undefined })).toEqual(parseServerOptions())
    expect(parseClientOptions({ [name]: undefined })).toEqual(parseClientOptions())
  })

  test('has a default of servers and one of clients', () => {
    for (const name of names) {
      expect(parseServerOptions()[name]).toBe(NUMBER_OPTIONS[name].server)
      expect(parseClientOptions()[name]).toBe(NUMBER_OPTIONS[name].client)
    }
  })
})

describe('an option of a few values', () => {
  test.each(Object.entries(CHOICE_OPTIONS))('%s takes those alone', (name, { values, server }) => {
    for (const value of values) {
      expect(parseServerOptions({ [name]: value })).toHaveProperty(name, value)
    }
    expect(parseServerOptions()).toHaveProperty(name, server)
    for (const value of ['other', 0, null]) {
      const call = () => parseServerOptions({ [name]: value } as object)
      expect(call).toThrow(TypeError)
      expect(call).toThrow(`${name} must be one of`)
    }
  })

  test('dispatch is auto on a server and pump on a listener, and no option of a client', () => {
    expect(parseServerOptions().dispatch).toBe('auto')
    expect(parseListenerOptions().dispatch).toBe('pump')
    expect(parseListenerOptions({ dispatch: 'auto' }).dispatch).toBe('auto')
    expect(() => parseClientOptions({ dispatch: 'auto' } as object)).toThrow(
      'dispatch is no option of Client',
    )
  })
})

describe('options in relation to each other', () => {
  test('writeLowWater must be below writeHighWater, and follows where it was not given', () => {
    expect(parseServerOptions({ writeHighWater: 1_000 }).writeLowWater).toBe(500)
    expect(() => parseServerOptions({ writeHighWater: 1_000, writeLowWater: 1_000 })).toThrow(
      'writeLowWater must be below writeHighWater (1000), got 1000',
    )
  })

  test('maxBufferedOut is never below maxOutboundFrameLength, and follows where it was not given', () => {
    const large = { maxOutboundFrameLength: 16_777_215 }
    expect(parseServerOptions(large).maxBufferedOut).toBe(16_777_215)
    expect(() => parseServerOptions({ ...large, maxBufferedOut: 1 })).toThrow(
      'maxBufferedOut must be at least maxOutboundFrameLength (16777215), got 1',
    )
  })

  test('ringBytes must be a power of two', () => {
    expect(() => parseServerOptions({ ringBytes: 5_000 })).toThrow(
      'ringBytes must be a power of two, got 5000',
    )
  })
})

describe('a constructor', () => {
  test.each([
    ['Server', () => new Server({ prot: 1 } as object)],
    ['Client', () => new Client({ port: 1 } as object)],
    ['Client', () => new Client({ toString: 1 } as object)],
    ['ConnectionListener', () => new ConnectionListener({ host: 'x' } as object)],
  ])('of %s refuses an option that it does not know', (name, call) => {
    expect(call).toThrow(TypeError)
    expect(call).toThrow(`is no option of ${name}`)
  })

  test('refuses what is no object', () => {
    expect(() => new Server(null as never)).toThrow('Server options must be an object, got null')
    expect(() => new Client(7 as never)).toThrow('Client options must be an object, got 7')
  })

  test('of Server refuses a host and a port that are none', () => {
    expect(() => new Server({ host: '' })).toThrow("host must be a non-empty string, got ''")
    expect(() => new Server({ port: 65_536 })).toThrow('port must be an integer from 0 to 65535')
    expect(() => new Server({ port: -1 })).toThrow('got -1')
  })
})

describe('connect()', () => {
  test('rejects for a host and a port that are none', async () => {
    const client = new Client({ transport: 'pure' })
    await expect(client.connect('')).rejects.toThrow("host must be a non-empty string, got ''")
    await expect(client.connect('::1', 0)).rejects.toThrow(
      'port must be an integer from 1 to 65535',
    )
  })
})
