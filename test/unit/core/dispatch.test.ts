import { describe, expect, test } from 'vitest'
import { dispatch, guard, Names, notify } from '../../../ts/dispatch.js'
import type { ReceivedMessage } from '../../../ts/message.js'
import { settled } from './memory-transport.js'

class Player {
  readonly calls: string[] = []
  readonly failures: unknown[] = []
  Network_move(data: { action: string }): void {
    this.calls.push(`move ${data.action}`)
  }
  networkReceived(data: ReceivedMessage): void {
    this.calls.push(`other ${data.action}`)
  }
  handlerFailed(error: unknown): void {
    this.failures.push(error)
  }
}

function send(player: Player, action: string): boolean {
  return dispatch(player, action, { action }, player)
}

describe('a message', () => {
  test('reaches the method of its action, with the whole message', () => {
    const player = new Player()
    expect(send(player, 'move')).toBe(true)
    expect(player.calls).toEqual(['move move'])
  })

  test('without a method reaches networkReceived', () => {
    const player = new Player()
    expect(send(player, 'jump')).toBe(false)
    expect(send(player, '')).toBe(false)
    expect(player.calls).toEqual(['other jump', 'other '])
  })

  test('reaches arrow functions, later assignments and spies of this very instance', () => {
    class Arrow extends Player {
      Network_jump = (): void => void this.calls.push('jump')
    }
    const [one, two] = [new Arrow(), new Arrow()]
    send(one, 'jump')
    expect([one.calls, two.calls]).toEqual([['jump'], []])
    one.Network_jump = () => void one.calls.push('spied')
    send(one, 'jump')
    send(two, 'jump')
    expect([one.calls, two.calls]).toEqual([['jump', 'spied'], ['jump']])
  })

  test.each(['connected', 'disconnected', 'error', 'socketConnect'])(
    'named %s is no event: it reaches networkReceived',
    (action) => {
      const player = Object.assign(new Player(), {
        [`Network_${action}`]: () => player.calls.push('an event'),
      })
      send(player, action)
      expect(player.calls).toEqual([`other ${action}`])
    },
  )

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'named %s reaches nothing of Object.prototype',
    (action) => {
      const player = new Player()
      send(player, action)
      expect(player.calls).toEqual([`other ${action}`])
    },
  )

  test('does not reach what somebody put on Object.prototype', () => {
    const player = new Player()
    Object.defineProperty(Object.prototype, 'Network_polluted', {
      configurable: true,
      value: () => player.calls.push('polluted'),
    })
    try {
      send(player, 'polluted')
    } finally {
      Reflect.deleteProperty(Object.prototype, 'Network_polluted')
    }
    expect(player.calls).toEqual(['other polluted'])
  })

  test('does not call a property that is no function', () => {
    const player = Object.assign(new Player(), { Network_score: 7 })
    send(player, 'score')
    expect(player.calls).toEqual(['other score'])
  })
})

describe('a handler that fails', () => {
  test('by a throw is told once', () => {
    const player = Object.assign(new Player(), {
      Network_bad() {
        throw new Error('boom')
      },
    })
    expect(send(player, 'bad')).toBe(true)
    expect(player.failures).toEqual([new Error('boom')])
  })

  test('by a rejection is told once', async () => {
    const player = Object.assign(new Player(), {
      async Network_bad() {
        await Promise.resolve()
        throw new Error('boom')
      },
    })
    send(player, 'bad')
    expect(player.failures).toEqual([])
    await settled()
    expect(player.failures).toEqual([new Error('boom')])
  })

  test('by a getter that throws is told once, and so is networkReceived', () => {
    class Bad extends Player {
      get Network_bad(): never {
        throw new Error('getter')
      }
      override networkReceived(): never {
        throw new Error('fallback')
      }
    }
    const player = new Bad()
    send(player, 'bad')
    send(player, 'unknown')
    expect(player.failures).toEqual([new Error('getter'), new Error('fallback')])
  })

  test('by a thenable whose `then` throws is told once', async () => {
    const player = new Player()
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then() {
        throw new Error('then')
      },
    }
    guard(() => thenable, player)
    await settled()
    expect(player.failures).toEqual([new Error('then')])
  })
})

describe('an event', () => {
  test('reaches its method with its data, and says whether there is one', () => {
    const seen: unknown[] = []
    const player = Object.assign(new Player(), {
      Network_error: (data: unknown) => void seen.push(data),
    })
    expect(notify(player, 'error', { error: 1 }, player)).toBe(true)
    expect(notify(player, 'connected', undefined, player)).toBe(false)
    expect(seen).toEqual([{ error: 1 }])
    expect(player.calls).toEqual([])
  })
})

describe('names of methods', () => {
  test('are interned up to a bound, and right beyond it', () => {
    const names = new Names(10)
    for (let index = 0; index < 1_000; index++) {
      expect(names.of(`action${index}`)?.text).toBe(`Network_action${index}`)
    }
    expect(names.size).toBe(10)
    expect(names.of('error')).toBeUndefined()
  })

  test('are looked up anew for each message: what Object.prototype got in between is no handler', () => {
    const player = new Player()
    const everyObject = Object.prototype as unknown as Record<string, unknown>
    try {
      expect(send(player, 'polluted')).toBe(false)
      everyObject['Network_polluted'] = () => player.calls.push('polluted')
      expect(send(player, 'polluted')).toBe(false)
      Object.assign(player, { Network_polluted: () => player.calls.push('own') })
      expect(send(player, 'polluted')).toBe(true)
      Reflect.deleteProperty(player, 'Network_polluted')
      expect(send(player, 'polluted')).toBe(false)
    } finally {
      Reflect.deleteProperty(everyObject, 'Network_polluted')
    }
    expect(player.calls).toEqual(['other polluted', 'other polluted', 'own', 'other polluted'])
  })
})
