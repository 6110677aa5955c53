/** Group B of the catalogue: output that is not taken, and what becomes of it. */
import { describe, expect, test } from 'vitest'
import {
  Canary,
  type FramePeer,
  frame,
  join,
  type Kind,
  OVERFULL,
  type Recorder,
  received,
  serve,
  turn,
} from './support.js'

const kilobyte = { action: 'k', filler: 'x'.repeat(1_000) }
const size = frame(kilobyte).length
/** What the greeting takes. */
const greeting = frame({ action: 'connected' }).length

const big = { action: 'big', filler: 'x'.repeat(64_000) }

/** Sends so much in one turn; waits until the transport has seen to it. */
async function overfill(channel: Recorder): Promise<void> {
  let sent = 0
  while (sent < OVERFULL) sent += channel.send(big)
  while (channel.bufferedBytes > sent - 500_000) await turn()
}

export function backpressure(kind: Kind): void {
  describe('back-pressure', () => {
    test('within a turn bufferedBytes grows by exactly what send() says, and ends at zero', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      await received(peer, 0)
      while (channel.bufferedBytes > 0) await turn()
      let expected = 0
      for (let n = 0; n < 50; n++) {
        expected += channel.send({ action: 'n', n })
        expect(channel.bufferedBytes).toBe(expected)
      }
      await received(peer, 50)
      while (channel.bufferedBytes > 0) await turn()
      expect(channel.bufferedBytes).toBe(0)
    })

    test('isWritable turns false at writeHighWater, and onDrain() comes once per crossing', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      for (let crossing = 1; crossing <= 3; crossing++) {
        while (channel.bufferedBytes > 0) await turn()
        let sent = 0
        while (channel.isWritable) sent += channel.send(kilobyte)
        expect(sent).toBeGreaterThanOrEqual(65_536)
        expect(sent).toBeLessThan(65_536 + size)
        // Beyond it more is taken, and is no crossing of its own.
        for (let n = 0; n < 100; n++) expect(channel.send(kilobyte)).toBe(size)
        await server.until('onDrain()', () => channel.isWritable)
        expect(channel.events.filter((event) => event === 'drain')).toHaveLength(crossing)
        expect(channel.bufferedBytes).toBeLessThanOrEqual(32_768)
      }
      peer.destroy()
    })

    test('a peer that reads again has everything, in order, after one onDrain()', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 * OVERFULL })
      const { peer, channel } = await join(server)
      peer.socket.pause()
      const count = Math.ceil(OVERFULL / 64_000)
      for (let n = 0; n < count; n++) channel.send({ ...big, n })
      expect(channel.isWritable).toBe(false)
      peer.socket.resume()
      await server.until('onDrain()', () => channel.isWritable)
      const got = await received(peer, count)
      expect(got.map((message) => message['n'])).toEqual(Array.from({ length: count }, (_, n) => n))
      expect(channel.events).toEqual(['connect', 'drain'])
      while (channel.bufferedBytes > 0) await turn()
    })

    test('B5 100,000 sends in one turn with drop-newest: all that fits, none beyond', async () => {
      const server = await serve(kind, { slowConsumer: 'drop-newest' })
      const { peer, channel } = await join(server)
      await received(peer, 0)
      while (channel.bufferedBytes > 0) await turn()
      let sent = 0
      let writableUntil: number | undefined
      for (let n = 0; n < 100_000; n++) {
        if (channel.send(kilobyte) > 0) sent++
        if (!channel.isWritable) writableUntil ??= n + 1
      }
      expect(sent).toBe(Math.floor(2_097_152 / size))
      expect(writableUntil).toBe(Math.ceil(65_536 / size))
      expect(server.stats().dropped).toBe(100_000 - sent)
      expect(await received(peer, sent)).toHaveLength(sent)
      expect(channel.isConnected).toBe(true)
    })

    test('B5 the same with close: SLOW_CONSUMER once, and what was taken still arrives', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      const { peer, channel } = await join(server)
      await received(peer, 0)
      while (channel.bufferedBytes > 0) await turn()
      let sent = 0
      for (let n = 0; n < 100_000; n++) if (channel.send(kilobyte) > 0) sent++
      expect(sent).toBe(Math.floor(2_097_152 / size))
      await peer.signal.until('FIN', () => peer.ended)
      expect(peer.received).toBe(greeting + sent * size)
      await server.until('the end', () => channel.isGone)
      expect(channel.events).toEqual([
        'connect',
        'error SLOW_CONSUMER',
        'close SLOW_CONSUMER',
        'disconnect SLOW_CONSUMER',
      ])
      expect(server.stats().closedBy).toEqual({ SLOW_CONSUMER: 1 })
      await canary.check()
    })

    test('B1 a peer that does not read a broadcast is closed, the others lose nothing', async () => {
      const server = await serve(kind, { closeTimeout: 100 })
      const slow = await join(server)
      slow.peer.socket.pause()
      const good: FramePeer[] = []
      for (let n = 0; n < 3; n++) good.push((await join(server)).peer)
      let ticks = 0
      while (!slow.channel.isGone) {
        server.sendToAll({ ...big, n: ticks++ })
        // A game's pace: the next tick when those who read have this one.
        for (const { signal, payloads } of good) {
          await signal.until('the tick', () => payloads.length > ticks)
        }
      }
      expect(slow.channel.closeReason?.code).toBe('SLOW_CONSUMER')
      for (const peer of good) {
        const got = await received(peer, ticks)
        expect(got.map((message) => message['n'])).toEqual(
          Array.from({ length: ticks }, (_, n) => n),
        )
      }
    })

    test('a peer is not read between writeHighWater and writeLowWater', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 * OVERFULL })
      const canary = await Canary.join(server, kind)
      const { peer, channel } = await join(server)
      peer.socket.pause()
      await overfill(channel)
      const asked = Array.from({ length: 5_000 }, (_, n) => frame({ action: 'n', n }))
      peer.socket.write(Buffer.concat(asked))
      // Others are read meanwhile.
      for (let n = 0; n < 10; n++) await canary.check()
      expect(channel.isWritable).toBe(false)
      expect(channel.messages).toHaveLength(0)
      peer.socket.resume()
      await server.until('all messages', () => channel.messages.length === 5_000)
    })

    test('a peer that resets while its output is full is an end like any other', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 * OVERFULL })
      const { peer, channel } = await join(server)
      peer.socket.pause()
      await overfill(channel)
      peer.socket.resetAndDestroy()
      await server.until('the end', () => channel.isGone)
      expect(channel.closeReason?.code).toBe('PEER_RESET')
      expect(channel.bufferedBytes).toBe(0)
    })

    test('a peer that sends FIN and resets while its output is full ends too', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 * OVERFULL })
      const canary = await Canary.join(server, kind)
      const { peer, channel } = await join(server)
      peer.socket.pause()
      await overfill(channel)
      peer.socket.end()
      for (let n = 0; n < 10; n++) await canary.check()
      // With so much unread, this is a reset.
      peer.destroy()
      await server.until('the end', () => channel.isGone)
      expect(channel.closeReason?.code).toMatch(/^PEER_(CLOSED|RESET)$/)
      await canary.check()
    })

    test('sendToAll() gives all receivers the same bytes, and leaves out whom it is told to', async () => {
      const server = await serve(kind)
      const joined = []
      for (let n = 0; n < 20; n++) joined.push(await join(server))
      const [first, second] = joined
      if (first === undefined || second === undefined) throw new Error('nobody joined')
      expect(server.sendToAll({ action: 'all' })).toBe(20)
      expect(server.sendToAll({ action: 'most' }, { except: first.channel })).toBe(19)
      expect(server.sendTo([first.channel, second.channel], { action: 'two' })).toBe(2)
      for (const { peer, channel } of joined) {
        const wanted = ['all', 'most', 'two'].filter((action) => {
          if (action === 'most') return channel !== first.channel
          return action === 'all' || channel === first.channel || channel === second.channel
        })
        const got = await received(peer, wanted.length)
        expect(got.map((message) => message.action)).toEqual(wanted)
      }
    })
  })
}
