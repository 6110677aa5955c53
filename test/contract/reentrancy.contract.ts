/** A getter of a message may call anything while the message is being written. */
import { describe, expect, test } from 'vitest'
import { Channel, type Message } from '../../ts/index.js'
import { Canary, frame, join, type Kind, messagesOf, received, serve, turn } from './support.js'

/** A message whose field `v` is what `get` returns when it is read. */
function withGetter(action: string, get: () => unknown): Message {
  return {
    action,
    before: 1,
    get v() {
      return get()
    },
    after: 2,
  }
}

export function reentrancy(kind: Kind): void {
  describe('inside a message that is being sent', () => {
    test('a send() goes out first, and both frames are whole', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      let inner = 0
      const outer = channel.send(
        withGetter('outer', () => {
          inner = channel.send({ action: 'inner', text: 'x'.repeat(300) })
          return 'value'
        }),
      )
      const [first, second] = await received(peer, 2)
      expect(first).toEqual({ action: 'inner', text: 'x'.repeat(300) })
      expect(second).toEqual({ action: 'outer', before: 1, v: 'value', after: 2 })
      expect(peer.received).toBe(22 + inner + outer)
    })

    test('sends nest, the innermost first, also where each is larger than a chunk', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const sent: number[] = []
      const nest = (level: number): Message =>
        withGetter(`level${level}`, () => {
          if (level < 6) sent.push(channel.send(nest(level + 1)))
          return 'y'.repeat(100_000)
        })
      sent.push(channel.send(nest(0)))
      const got = await received(peer, 7)
      expect(got.map((message) => message.action)).toEqual(
        [6, 5, 4, 3, 2, 1, 0].map((level) => `level${level}`),
      )
      for (const message of got) {
        expect(message).toMatchObject({ before: 1, v: 'y'.repeat(100_000), after: 2 })
      }
      expect(peer.received).toBe(22 + sent.reduce((sum, each) => sum + each, 0))
    })

    test('a send() to another connection and a broadcast arrive whole and first', async () => {
      const server = await serve(kind)
      const one = await join(server)
      const two = await join(server)
      one.channel.send(
        withGetter('outer', () => {
          two.channel.send({ action: 'other' })
          server.sendToAll({ action: 'all' })
          return 1
        }),
      )
      const actions = (messages: { action: string }[]): string[] => messages.map((m) => m.action)
      expect(actions(await received(one.peer, 2))).toEqual(['all', 'outer'])
      expect(actions(await received(two.peer, 2))).toEqual(['other', 'all'])
    })

    test('a send() whose getter throws queues nothing, and what was sent inside stays', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const failing = withGetter('outer', () => {
        channel.send({ action: 'inner' })
        throw new Error('in a getter')
      })
      expect(() => channel.send(failing)).toThrow('in a getter')
      channel.send({ action: 'last' })
      const got = await received(peer, 2)
      expect(got.map((message) => message.action)).toEqual(['inner', 'last'])
    })

    test('close() takes effect at once: the message at hand is not sent, those before it are', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      channel.send({ action: 'before' })
      const sent = channel.send(
        withGetter('outer', () => {
          channel.close()
          expect(channel.isConnected).toBe(false)
          expect(channel.send({ action: 'inside' })).toBe(0)
          return 1
        }),
      )
      expect(sent).toBe(0)
      await peer.signal.until('FIN', () => peer.ended)
      const got = messagesOf(peer.bytes()).map((message) => message.action)
      expect(got).toEqual(['connected', 'before'])
      await server.until('the end', () => channel.isGone)
      expect(channel.events).toEqual(['connect', 'close CLOSED', 'disconnect CLOSED'])
    })

    test('close() of another connection, and of one among many receivers', async () => {
      const server = await serve(kind)
      const one = await join(server)
      const two = await join(server)
      const count = server.sendToAll(
        withGetter('all', () => {
          two.channel.close()
          return 1
        }),
      )
      expect(count).toBe(1)
      await two.peer.signal.until('FIN', () => two.peer.ended)
      expect(messagesOf(two.peer.bytes())).toHaveLength(1)
      expect((await received(one.peer, 1)).map((message) => message.action)).toEqual(['all'])
    })

    test('pump() and read() give nothing, and no handler runs', async () => {
      const server = await serve(kind, { dispatch: 'pump' })
      const joined = Canary.join(server, kind)
      while (server.all.length === 0) {
        server.pump()
        await turn()
      }
      const canary = await joined
      canary.send({ action: 'x' })
      canary.send({ action: 'y' })
      const channel = server.all[0]
      if (channel === undefined) throw new Error('nobody joined')
      while (channel.messages.length === 0) {
        server.pump(1)
        await turn()
      }
      let inside = -1
      let ran = -1
      channel.send(
        withGetter('outer', () => {
          const before = channel.messages.length
          inside = server.pump()
          ran = channel.messages.length - before
          return 1
        }),
      )
      expect([inside, ran]).toEqual([0, 0])
      while (channel.messages.length < 2) {
        server.pump()
        await turn()
      }
      // Nobody pumps from here on: the canary's end needs the server's.
      await server.stop()
    })

    test('stop() waits for the walk, and what it was part of arrives', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.once('end', () => peer.socket.end())
      let stopped: Promise<unknown> | undefined
      const sent = channel.send(
        withGetter('outer', () => {
          stopped = server.stop()
          return 1
        }),
      )
      expect(sent).toBeGreaterThan(0)
      await stopped
      await peer.signal.until('FIN', () => peer.ended)
      expect(messagesOf(peer.bytes()).map((message) => message.action)).toEqual([
        'connected',
        'outer',
      ])
    })

    test('a handler that sends, closes another and throws harms nobody else', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      const victim = await join(server)
      const attacker = await join(server)
      server.react = (channel) => {
        if (channel !== attacker.channel) return
        channel.send({ action: 'answer' })
        victim.channel.close()
        throw new Error('on purpose')
      }
      attacker.peer.socket.write(frame({ action: 'x' }))
      await server.until('both ends', () => victim.channel.isGone && attacker.channel.isGone)
      expect(attacker.channel.closeReason?.code).toBe('HANDLER_ERROR')
      expect(victim.channel.closeReason?.code).toBe('CLOSED')
      await canary.check()
      expect(Channel.prototype).not.toHaveProperty('Network_x')
    })
  })
}
