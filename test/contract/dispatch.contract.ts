/** Group D of the catalogue: what a message calls, and what a handler's fault does. */
import { describe, expect, test } from 'vitest'
import { Channel, type CloseReason, type ReceivedMessage, Server } from '../../ts/index.js'
import {
  attack,
  Canary,
  frame,
  framed,
  hex,
  join,
  type Kind,
  Recorder,
  RecordingServer,
  received,
  serve,
  X,
} from './support.js'

const action = 'a6616374696f6e'

/** A server whose channels do what a test wants them to. */
function serveWith(
  kind: Kind,
  channelClass: new (init: never) => Recorder,
): Promise<RecordingServer> {
  return serve(kind, {}, (options) => {
    const server = new RecordingServer(options)
    server.channelClass = channelClass as typeof Recorder
    return server
  })
}

export function dispatching(kind: Kind): void {
  describe('dispatch', () => {
    test('the names of the lifecycle are ordinary messages from a peer', async () => {
      class Hooked extends Recorder {
        Network_connected(): void {
          this.note('wrong')
        }
        Network_disconnected(): void {
          this.note('wrong')
        }
        Network_error(): void {
          this.note('wrong')
        }
        Network_socketConnect(): void {
          this.note('wrong')
        }
      }
      const server = await serveWith(kind, Hooked)
      const { peer, channel } = await join(server)
      const names = ['disconnected', 'connected', 'socketConnect', 'error']
      peer.socket.write(Buffer.concat(names.map((name) => frame({ action: name }))))
      const thousand = Array.from({ length: 1_000 }, (_, n) => n)
      peer.socket.write(Buffer.concat(thousand.map((n) => frame({ action: 'n', n }))))
      await server.until('all messages', () => channel.messages.length === 1_004)
      expect(channel.events.slice(0, 5)).toEqual(['connect', ...names.map((n) => `message ${n}`)])
      expect(channel.messages.slice(4).map((message) => message['n'])).toEqual(thousand)
      expect(channel.isConnected).toBe(true)
      expect(server.disconnects).toBe(0)
    })

    test.each([
      ['5', '05'],
      ['nil', 'c0'],
      ['true', 'c3'],
      ['1.5', 'cb3ff8000000000000'],
      ['an array', '9101'],
      ['a map', '81a16101'],
    ])('an action that is %s is refused', async (_, value) => {
      const server = await serve(kind)
      const channel = await attack(server, framed(hex(`81${action}${value}`)))
      expect(channel.events[1]).toBe('error INVALID_ACTION')
    })

    test.each([
      ['a map without an action', '80'],
      ['an array', '91a178'],
      ['an integer', '05'],
      ['a text', 'a178'],
      ['a timestamp', 'd6ff00000001'],
    ])('%s is no message', async (_, payload) => {
      const server = await serve(kind)
      const channel = await attack(server, framed(hex(payload)))
      expect(channel.events[1]).toBe('error INVALID_MESSAGE')
    })

    test('an empty action and one of 64 bytes are dispatched, one of 65 is refused', async () => {
      const server = await serve(kind)
      const text = (length: number): Buffer => {
        const head = length < 32 ? hex((0xa0 | length).toString(16)) : Uint8Array.of(0xd9, length)
        return framed(Buffer.concat([hex(`81${action}`), head, Buffer.alloc(length, 0x62)]))
      }
      const channel = await attack(server, Buffer.concat([text(0), text(64), text(65), X]))
      expect(channel.messages.map((message) => message.action)).toEqual(['', 'b'.repeat(64)])
      expect(channel.events[3]).toBe('error INVALID_ACTION')
    })

    test('nothing of Object.prototype is called by a name from the wire', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']
      peer.socket.write(Buffer.concat(names.map((name) => frame({ action: name }))))
      await server.until('all messages', () => channel.messages.length === names.length)
      expect(channel.messages.map((message) => message.action)).toEqual(names)
    })

    test('a client takes the first `connected` for the greeting and later ones for messages', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      let greetings = 0
      const others: string[] = []
      Object.assign(canary, {
        Network_connected: () => greetings++,
        networkReceived: (data: ReceivedMessage) => {
          others.push(data.action)
          canary.signal.notify()
        },
      })
      for (let n = 0; n < 3; n++) server.sendToAll({ action: 'connected' })
      await canary.signal.until('three messages', () => others.length === 3)
      expect(greetings).toBe(0)
      await canary.check()
    })

    test('a handler that throws closes its own connection, and tells it once', async () => {
      class Throwing extends Recorder {
        Network_x(): void {
          throw new Error('on purpose')
        }
      }
      const server = await serveWith(kind, Throwing)
      const canary = await Canary.join(server, kind)
      const channel = await attack(server, Buffer.concat([X, X, X]))
      expect(channel.events).toEqual([
        'connect',
        'error HANDLER_ERROR',
        'close HANDLER_ERROR',
        'disconnect HANDLER_ERROR',
      ])
      expect(channel.closeReason?.cause).toEqual(new Error('on purpose'))
      await canary.check()
    })

    test('a handler whose promise rejects is one that throws', async () => {
      class Rejecting extends Recorder {
        async Network_x(): Promise<void> {
          await Promise.reject(new Error('later'))
        }
      }
      const server = await serveWith(kind, Rejecting)
      const channel = await attack(server, X)
      expect(channel.events[1]).toBe('error HANDLER_ERROR')
      expect(channel.closeReason?.cause).toEqual(new Error('later'))
    })

    test('a throw in onConnect closes, with one onDisconnect, and leaves no channel', async () => {
      class Unwilling extends Recorder {
        override onConnect(): void {
          super.onConnect()
          throw new Error('no')
        }
      }
      const server = await serveWith(kind, Unwilling)
      const { channel } = await join(server)
      await server.until('the end', () => channel.isGone)
      expect(channel.events).toEqual([
        'connect',
        'error HANDLER_ERROR',
        'close HANDLER_ERROR',
        'disconnect HANDLER_ERROR',
      ])
      expect([server.connects, server.disconnects, server.channels.size]).toEqual([1, 1, 0])
    })

    test('throws in onClose and onDisconnect leave neither socket nor channel', async () => {
      class Sore extends Recorder {
        override onClose(reason: CloseReason): void {
          super.onClose(reason)
          throw new Error('in onClose')
        }
      }
      class SoreServer extends RecordingServer {
        override channelClass = Sore
        override onDisconnect(channel: Recorder, reason: CloseReason): void {
          super.onDisconnect(channel, reason)
          throw new Error('in onDisconnect')
        }
      }
      const server = await serve(kind, {}, (options) => new SoreServer(options))
      const { peer, channel } = await join(server)
      peer.socket.end(X)
      await server.until('the end', () => channel.isGone)
      await peer.signal.until('the end of the socket', () => peer.ended)
      expect(server.channels.size).toBe(0)
      expect(server.disconnects).toBe(1)
      expect(server.stats().handlerErrors).toBe(2)
    })

    test('after close() in a handler nothing more of the batch is dispatched', async () => {
      const server = await serve(kind)
      server.react = (channel) => channel.close('enough')
      const channel = await attack(server, Buffer.concat(Array.from({ length: 51 }, () => X)))
      expect(channel.events).toEqual(['connect', 'message x', 'close CLOSED', 'disconnect CLOSED'])
      expect(channel.closeReason?.message).toBe('enough')
    })

    test('a message that cannot be sent throws with its path, and queues nothing', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const circle: { action: string; self?: unknown } = { action: 'c' }
      circle.self = circle
      let deep: unknown = 1
      for (let n = 0; n < 10_000; n++) deep = [deep]
      const refused: [unknown, RegExp][] = [
        [{ action: 'x', v: () => 1 }, /^v /],
        [{ action: 'x', v: [{ s: Symbol('s') }] }, /^v\[0\]\.s /],
        [circle, /^self /],
        [{ action: 'x', v: 2n ** 64n }, /^v /],
        [{ action: 'x', deep }, /^deep/],
        [{ action: 'x', v: new Array(4_000_000_000) }, /^v /],
        [{ action: 5 }, /^action /],
      ]
      const before = channel.bufferedBytes
      for (const [message, path] of refused) {
        expect(() => channel.send(message as never)).toThrow(
          expect.objectContaining({
            message: expect.stringMatching(path),
            code: expect.stringMatching(/^REPOD_ERR_(INVALID_VALUE|FRAME_TOO_LARGE)$/),
          }),
        )
      }
      expect(channel.bufferedBytes).toBe(before)
      channel.send({ action: 'fine' })
      expect(await received(peer, 1)).toEqual([{ action: 'fine' }])
    })

    test('messages reach the method of their name on the instance, as it is then', async () => {
      class Named extends Channel<NamedServer> {
        readonly field: string[] = []
        Network_own = (): number => this.field.push('own')
        Network_n(): void {
          this.field.push('method')
          Object.assign(this, { Network_n: () => this.field.push('assigned') })
        }
        override networkReceived(): void {
          this.server.seen(this.field)
        }
      }
      class NamedServer extends Server<Named> {
        override channelClass = Named
        seen: (field: string[]) => void = () => {}
      }
      const server = new NamedServer({ port: 0, transport: kind })
      const { port } = await server.start()
      const seen = new Promise<string[]>((resolve) => {
        server.seen = resolve
      })
      const { connect } = await import('node:net')
      const socket = connect(port, '127.0.0.1')
      for (const name of ['own', 'n', 'n', 'last']) socket.write(frame({ action: name }))
      expect(await seen).toEqual(['own', 'method', 'assigned'])
      socket.destroy()
      await server.stop()
    })
  })
}
