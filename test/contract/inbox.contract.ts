/** What has come and waits: bounded, in order, and nobody else's trouble. */
import { describe, expect, test } from 'vitest'
import { ConnectionListener, type ReceivedMessage } from '../../ts/index.js'
import {
  Canary,
  frame,
  join,
  type Kind,
  OVERFULL,
  Peer,
  RecordingServer,
  Signal,
  serve,
  turn,
} from './support.js'

const numbered = (from: number, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => frame({ action: 'n', n: from + n })))

class Pumped extends ConnectionListener {
  readonly numbers: unknown[] = []
  readonly signal = new Signal()
  override networkReceived(data: ReceivedMessage): void {
    this.numbers.push(data['n'])
    this.signal.notify()
  }
}

/** Turns go by; sooner or later everything that can come has come. */
async function quiet(turns = 100): Promise<void> {
  for (let n = 0; n < turns; n++) await turn()
}

export function inboxes(kind: Kind): void {
  describe('inboxes', () => {
    test('a pumped server calls nothing outside of pump(), and keeps the order', async () => {
      const server = await serve(kind, { dispatch: 'pump' })
      const peer = await Peer.connect(server.port)
      peer.socket.write(numbered(0, 100))
      await quiet()
      expect(server.connects).toBe(0)
      let dispatched = 0
      while (dispatched < 100) {
        dispatched += server.pump()
        await turn()
      }
      const channel = server.all[0]
      expect(channel?.events[0]).toBe('connect')
      expect(channel?.messages.map((message) => message['n'])).toEqual(
        Array.from({ length: 100 }, (_, n) => n),
      )
      peer.destroy()
    })

    test('the greeting goes out although nobody pumps', async () => {
      const server = await serve(kind, { dispatch: 'pump' })
      const peer = await Peer.connect(server.port)
      await peer.signal.until('the greeting', () => peer.received === 22)
      peer.destroy()
    })

    test('pump(n) dispatches at most n messages, pump() in a handler none', async () => {
      const server = await serve(kind, { dispatch: 'pump' })
      let nested = -1
      server.react = () => {
        nested = server.pump()
      }
      const peer = await Peer.connect(server.port)
      peer.socket.write(numbered(0, 50))
      while (server.all.length === 0 || server.all[0]?.messages.length === 0) {
        expect(server.pump(1)).toBeLessThanOrEqual(1)
        await turn()
      }
      expect(nested).toBe(0)
      while ((server.all[0]?.messages.length ?? 0) < 50) {
        expect(server.pump(7)).toBeLessThanOrEqual(7)
        await turn()
      }
      peer.destroy()
    })

    test('a client that nobody pumps is not read beyond inboundQueueMessages', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 * OVERFULL })
      const canary = await Canary.join(server, kind)
      const listener = new Pumped({ transport: kind, inboundQueueMessages: 100 })
      await listener.connect('127.0.0.1', server.port)
      const channel = server.all[1]
      if (channel === undefined) throw new Error('nobody joined')
      // More than the kernel takes for it, so that a pause below is a pause to be seen above.
      const filler = 'x'.repeat(4_000)
      let sent = 0
      for (let bytes = 0; bytes < OVERFULL; sent++) {
        bytes += channel.send({ action: 'n', n: sent, filler })
      }
      let stalled = channel.bufferedBytes
      for (let still = 0; still < 20; still++) {
        await canary.check()
        if (channel.bufferedBytes !== stalled) still = 0
        stalled = channel.bufferedBytes
      }
      expect(stalled).toBeGreaterThan(2 ** 20)
      expect(listener.numbers).toEqual([])
      while (listener.numbers.length < sent) {
        listener.pump()
        await turn()
      }
      expect(listener.numbers).toEqual(Array.from({ length: sent }, (_, n) => n))
      await listener.close()
    })

    test('a client that nobody pumps holds up itself alone', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 ** 26 })
      const idle = new Pumped({ transport: kind, inboundQueueMessages: 10 })
      await idle.connect('127.0.0.1', server.port)
      const busy = new Pumped({ transport: kind, dispatch: 'auto' })
      await busy.connect('127.0.0.1', server.port)
      for (let n = 0; n < 5_000; n++) server.sendToAll({ action: 'n', n })
      await busy.signal.until('all messages', () => busy.numbers.length === 5_000)
      expect(idle.numbers).toEqual([])
      while (idle.numbers.length < 5_000) {
        idle.pump()
        await turn()
      }
      expect(idle.numbers).toEqual(Array.from({ length: 5_000 }, (_, n) => n))
      await Promise.all([idle.close(), busy.close()])
    })

    test('what came before an end is dispatched before it, also behind a pause', async () => {
      const server = await serve(kind, { dispatch: 'pump', inboundQueueMessages: 10 })
      const peer = await Peer.connect(server.port)
      peer.socket.end(numbered(0, 5_000))
      while (server.disconnects === 0) {
        server.pump()
        await turn()
      }
      const channel = server.all[0]
      expect(channel?.messages.map((message) => message['n'])).toEqual(
        Array.from({ length: 5_000 }, (_, n) => n),
      )
      expect(channel?.events.slice(-2)).toEqual(['close PEER_CLOSED', 'disconnect PEER_CLOSED'])
    })

    test('two flooded connections both move on: neither waits until the other is done', async () => {
      const server = await serve(kind, { dispatchTimeBudget: 1 })
      const first = await join(server)
      const second = await join(server)
      const done: string[] = []
      let leastOfOther = Number.POSITIVE_INFINITY
      server.react = (channel) => {
        const other = channel === first.channel ? second.channel : first.channel
        if (channel.messages.length !== 50_000) return
        done.push('one')
        leastOfOther = Math.min(leastOfOther, other.messages.length)
      }
      first.peer.socket.write(numbered(0, 50_000))
      second.peer.socket.write(numbered(0, 50_000))
      await server.until('all messages', () => done.length === 2)
      expect(leastOfOther).toBeGreaterThan(0)
      for (const { channel } of [first, second]) {
        expect(channel.messages.map((message) => message['n'])).toEqual(
          Array.from({ length: 50_000 }, (_, n) => n),
        )
      }
    })

    test('a flood leaves the program its turns', async () => {
      const server = await serve(kind, { dispatchTimeBudget: 1 }, (o) => new RecordingServer(o))
      const { peer, channel } = await join(server)
      const total = 20_000
      let turns = 0
      const counting = (): void => {
        turns++
        if (channel.messages.length < total) setImmediate(counting)
      }
      peer.socket.write(numbered(0, total))
      await server.until('the first message', () => channel.messages.length > 0)
      counting()
      await server.until('all messages', () => channel.messages.length === total)
      expect(turns).toBeGreaterThan(2)
    })
  })
}
