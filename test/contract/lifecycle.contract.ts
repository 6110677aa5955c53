/** Group L of the catalogue: how connections begin and end. */
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  Canary,
  frame,
  framed,
  hex,
  join,
  type Kind,
  messagesOf,
  Peer,
  Recorder,
  RecordingServer,
  received,
  serve,
  turn,
  X,
} from './support.js'

/** Connects and resets at once, or as soon as `until` says; resolves when the socket is gone. */
function resetting(port: number, until: Promise<unknown> = Promise.resolve()): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.once('connect', () => void until.then(() => socket.resetAndDestroy()))
    socket.once('close', () => resolve())
  })
}

export function lifecycle(kind: Kind): void {
  describe('lifecycle', () => {
    test('L1 5,000 peers that connect and reset at once give as many ends as beginnings', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      for (let round = 0; round < 100; round++) {
        await Promise.all(Array.from({ length: 50 }, () => resetting(server.port)))
        if (round % 10 === 0) canary.sing()
      }
      await canary.check()
      await server.until('all beginnings', () => server.connects === 5_001)
      await server.until('all ends', () => server.disconnects === 5_000)
      expect(server.channels.size).toBe(1)
      for (const channel of server.all.slice(1)) {
        expect(channel.events.map((event) => event.split(' ')[0])).toEqual([
          'connect',
          'close',
          'disconnect',
        ])
      }
    })

    test.each([
      ['L2', 'resets', (peer: Peer) => peer.socket.resetAndDestroy()],
      ['L3', 'FINs', (peer: Peer) => peer.socket.destroy()],
    ] as const)('%s 400 %s during a broadcast loop are 400 ends', async (_row, _what, leave) => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      const peers = await Promise.all(Array.from({ length: 400 }, () => Peer.connect(server.port)))
      await server.until('all beginnings', () => server.connects === 401)
      for (const [at, peer] of peers.entries()) {
        server.sendToAll({ action: 'tick', at, filler: 'x'.repeat(200) })
        leave(peer)
        if (at % 8 === 0) await turn()
      }
      while (server.disconnects < 400) {
        server.sendToAll({ action: 'tick' })
        await turn()
      }
      expect(server.disconnects).toBe(400)
      expect(server.channels.size).toBe(1)
      await canary.check()
    })

    test('L4 five messages and FIN in one segment, 1,000 times: each is dispatched first', async () => {
      const server = await serve(kind)
      const bytes = Buffer.concat([X, X, X, X, X])
      for (let round = 0; round < 20; round++) {
        for (let n = 0; n < 50; n++) {
          const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes))
          socket.resume()
        }
        await server.until('the ends', () => server.disconnects === (round + 1) * 50)
      }
      expect(server.all).toHaveLength(1_000)
      for (const channel of server.all) {
        expect(channel.events).toEqual([
          'connect',
          ...Array.from({ length: 5 }, () => 'message x'),
          'close PEER_CLOSED',
          'disconnect PEER_CLOSED',
        ])
      }
    })

    test('L5 an end comes although the peer never said a word', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.end()
      await server.until('the end', () => channel.isGone)
      expect(channel.events).toEqual(['connect', 'close PEER_CLOSED', 'disconnect PEER_CLOSED'])
    })

    test('L6 a peer that sends FIN and waits gets its replies, up to onDisconnect, then FIN', async () => {
      class Farewell extends Recorder {
        override onClose(): void {
          this.send({ action: 'bye' })
        }
      }
      class FarewellServer extends RecordingServer {
        override channelClass = Farewell
        override onDisconnect(channel: Recorder, reason: { code: string }): void {
          super.onDisconnect(channel, reason as never)
          channel.send({ action: 'last' })
          queueMicrotask(() => channel.note(`later ${channel.send({ action: 'no' })}`))
        }
      }
      const server = await serve(kind, {}, (options) => new FarewellServer(options))
      server.react = (channel, data) => void channel.send(data)
      const { peer, channel } = await join(server)
      const sent = Array.from({ length: 100 }, (_, n) => frame({ action: 'n', n }))
      peer.socket.end(Buffer.concat(sent))
      await peer.signal.until('the end', () => peer.ended)
      const got = messagesOf(peer.bytes()).map((message) => message.action)
      expect(got).toEqual(['connected', ...sent.map(() => 'n'), 'bye', 'last'])
      expect(channel.events.at(-1)).toBe('later 0')
    })

    test('L9 200 peers gone in mid-frame leave nothing behind', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      for (let n = 0; n < 200; n++) {
        const peer = await Peer.connect(server.port)
        peer.socket.write(framed(Buffer.alloc(60_000)).subarray(0, 30_000), () => {
          if (n % 2 === 0) peer.socket.resetAndDestroy()
          else peer.socket.destroy()
        })
      }
      await server.until('the ends', () => server.disconnects === 200)
      expect(server.all.slice(1).every((channel) => channel.messages.length === 0)).toBe(true)
      await canary.check()
    })

    test('L11 send() after the end returns 0, a million times', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.destroy()
      await server.until('the end', () => channel.isGone)
      const message = { action: 'late' }
      let total = 0
      for (let n = 0; n < 1_000_000; n++) total += channel.send(message)
      expect(total).toBe(0)
      expect(channel.bufferedBytes).toBe(0)
    })

    test.each(['onConnect', 'onDisconnect', 'twice'])(
      'L12 close() in %s brings one onDisconnect',
      async (where) => {
        class Closing extends RecordingServer {
          override onConnect(channel: Recorder): void {
            super.onConnect(channel)
            if (where === 'onConnect') channel.close()
          }
          override onDisconnect(channel: Recorder, reason: { code: string }): void {
            super.onDisconnect(channel, reason as never)
            if (where === 'onDisconnect') channel.close()
          }
        }
        const server = await serve(kind, {}, (options) => new Closing(options))
        const { peer, channel } = await join(server)
        if (where !== 'onConnect') channel.close('first')
        if (where === 'twice') channel.close('second')
        await peer.signal.until('FIN', () => peer.ended)
        await server.until('the end', () => channel.isGone)
        peer.socket.end()
        await turn()
        expect(channel.events).toEqual(['connect', 'close CLOSED', 'disconnect CLOSED'])
        expect(server.stats().closedBy).toEqual({ CLOSED: 1 })
        if (where === 'twice') expect(channel.closeReason?.message).toBe('first')
      },
    )

    test('what was sent to a dead connection never reaches its successor', async () => {
      const server = await serve(kind)
      const dead: Recorder[] = []
      for (let n = 0; n < 200; n++) {
        const { peer, channel } = await join(server)
        for (const each of dead) each.send({ action: 'stale' })
        if (dead.length < 20) dead.push(channel)
        channel.send({ action: 'mine', n })
        expect(await received(peer, 1)).toEqual([{ action: 'mine', n }])
        peer.socket.resetAndDestroy()
        await server.until('the end', () => channel.isGone)
        for (const each of dead) expect(each.send({ action: 'stale' })).toBe(0)
      }
    })

    test('a channel has the address of its peer', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      expect(channel.addr).toEqual({
        host: '127.0.0.1',
        port: peer.socket.localPort,
        family: 'IPv4',
      })
    })

    test('on `::` a peer over IPv4 has its IPv4 address', async () => {
      const server = await serve(kind, { host: '::' })
      expect(server.address?.family).toBe('IPv6')
      const { channel } = await join(server)
      expect(channel.addr).toMatchObject({ host: '127.0.0.1', family: 'IPv4' })
    })

    test('after a fault what still comes is thrown away until FIN, and no reset is sent', async () => {
      const server = await serve(kind, { closeTimeout: 60_000 })
      const { peer, channel } = await join(server)
      let error: Error | undefined
      peer.socket.on('error', (each) => {
        error = each
      })
      peer.socket.write(hex('00000000'))
      await server.until('the end', () => channel.isGone)
      peer.socket.end(Buffer.alloc(5_000_000))
      await peer.signal.until('the end of the socket', () => peer.gone)
      expect(error).toBeUndefined()
    })

    test('a fault closes with what was sent before it still arriving', async () => {
      const server = await serve(kind)
      server.react = (channel, data) => void channel.send(data)
      const { peer } = await join(server)
      peer.socket.write(Buffer.concat([X, X, hex('00000000')]))
      await peer.signal.until('FIN', () => peer.ended)
      expect(messagesOf(peer.bytes()).map((message) => message.action)).toEqual([
        'connected',
        'x',
        'x',
      ])
    })
  })
}
