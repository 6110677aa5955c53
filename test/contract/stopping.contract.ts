/** Group L of the catalogue, and L-6, L-10: what `stop()` and `close()` do to what was sent. */
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { ConnectionListener, RepodError } from '../../ts/index.js'
import {
  Canary,
  frame,
  join,
  type Kind,
  Peer,
  RecordingServer,
  received,
  Signal,
  serve,
  turn,
  X,
} from './support.js'

export const thousand: readonly number[] = Array.from({ length: 1_000 }, (_, n) => n)

export function stopping(kind: Kind): void {
  describe('stopping', () => {
    test('L13 100 clients that never read do not hold up stop(), which says what is lost', async () => {
      const server = await serve(kind, { drainTimeout: 300, maxBufferedOut: 2 ** 24 })
      const peers = await Promise.all(Array.from({ length: 100 }, () => Peer.connect(server.port)))
      for (const peer of peers) peer.socket.pause()
      await server.until('all beginnings', () => server.connects === 100)
      // More than the kernel takes for a peer that does not read.
      for (let n = 0; n < 16; n++) server.sendToAll({ action: 'big', text: 'x'.repeat(1_000_000) })
      const report = await server.stop()
      expect(report.channels).toBe(100)
      expect(report.bytes).toBeGreaterThan(100_000_000)
      expect(server.disconnects).toBe(100)
      expect(server.stats().closedBy).toEqual({ STOPPED: 100 })
      for (const peer of peers) peer.destroy()
    })

    test('L14 1,000 messages sent and then stop(): a client that reads has all of them', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.once('end', () => peer.socket.end())
      for (const n of thousand) channel.send({ action: 'n', n, filler: 'x'.repeat(500) })
      const report = await server.stop()
      expect(report).toEqual({ channels: 0, bytes: 0 })
      await peer.signal.until('FIN', () => peer.ended)
      const got = await received(peer, 1_000)
      expect(got.map((message) => message['n'])).toEqual(thousand)
      expect(channel.events.slice(-2)).toEqual(['close STOPPED', 'disconnect STOPPED'])
    })

    test('L15 a client that sends 1,000 and then closes has sent all of them', async () => {
      const server = await serve(kind)
      const client = await Canary.join(server, kind)
      for (const n of thousand) client.send({ action: 'n', n })
      await client.close()
      const channel = server.all[0]
      await server.until('the end', () => channel?.isGone === true)
      expect(channel?.messages.map((message) => message['n'])).toEqual(thousand)
      expect(channel?.closeReason?.code).toBe('PEER_CLOSED')
    })

    test('L16 connects that arrive during stop() are refused, without an onConnect', async () => {
      const server = await serve(kind, { drainTimeout: 500, maxBufferedOut: 2 ** 24 })
      const { peer, channel } = await join(server)
      peer.socket.pause()
      for (let n = 0; n < 16; n++) channel.send({ action: 'big', text: 'x'.repeat(1_000_000) })
      const { port } = server
      const stopped = server.stop()
      await turn()
      // The first ones may find the kernel still listening, and are reset then.
      const outcomes: string[] = []
      while (outcomes.at(-1) !== 'ECONNREFUSED') outcomes.push(await outcomeOf(port))
      for (let n = 0; n < 20; n++) expect(await outcomeOf(port)).toBe('ECONNREFUSED')
      await stopped
      expect(server.connects).toBe(1)
    })

    test('L17 a busy port rejects with LISTEN_FAILED and its cause; start() works later', async () => {
      const first = await serve(kind)
      const second = new RecordingServer({ port: first.port, transport: kind })
      await expect(second.start()).rejects.toMatchObject({
        code: 'REPOD_ERR_LISTEN_FAILED',
        cause: { code: 'EADDRINUSE' },
      })
      await first.stop()
      await second.start()
      await second.stop()
    })

    test('L17 start() twice is INVALID_STATE, stop() before start() does nothing', async () => {
      const server = new RecordingServer({ port: 0, transport: kind })
      expect(await server.stop()).toEqual({ channels: 0, bytes: 0 })
      await server.start()
      const again = server.start()
      await expect(again).rejects.toBeInstanceOf(RepodError)
      await expect(again).rejects.toMatchObject({ code: 'REPOD_ERR_INVALID_STATE' })
      await server.stop()
    })

    test('a stopped server starts again, on the same port, and serves', async () => {
      const server = await serve(kind)
      const { port } = server
      await server.stop()
      const again = await serve(kind, { port })
      const canary = await Canary.join(again, kind)
      await canary.check()
    })

    test('what had arrived is dispatched by stop(), also where nobody pumps', async () => {
      const server = await serve(kind, { dispatch: 'pump' })
      const peer = await Peer.connect(server.port)
      peer.socket.once('end', () => peer.socket.end())
      peer.socket.write(Buffer.concat(thousand.map((n) => frame({ action: 'n', n }))))
      // The second pump finds what came behind the first message.
      while (server.all[0] === undefined || server.all[0].messages.length === 0) {
        server.pump(1)
        await turn()
      }
      await server.stop()
      const got = server.all[0].messages.map((message) => message['n'])
      expect(got).toEqual(thousand.slice(0, got.length))
      expect(got.length).toBeGreaterThan(1)
      expect(server.all[0].events.slice(-2)).toEqual(['close STOPPED', 'disconnect STOPPED'])
      peer.destroy()
    })

    test('close() with 1,000 queued toward a peer that keeps sending: all arrive', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      let sending = true
      const keepSending = (): void => {
        if (!sending) return
        peer.socket.write(Buffer.concat(Array.from({ length: 100 }, () => X)))
        setImmediate(keepSending)
      }
      keepSending()
      await server.until('some messages', () => channel.messages.length > 0)
      for (const n of thousand) channel.send({ action: 'n', n, filler: 'x'.repeat(1_000) })
      channel.close()
      const dispatched = channel.messages.length
      await peer.signal.until('FIN', () => peer.ended)
      sending = false
      const got = await received(peer, 1_000)
      expect(got.map((message) => message['n'])).toEqual(thousand)
      expect(channel.messages).toHaveLength(dispatched)
      await server.until('the end', () => channel.isGone)
      expect(channel.closeReason?.code).toBe('CLOSED')
    })

    test('a client that never greets its end is reset after closeTimeout', async () => {
      const server = await serve(kind, { closeTimeout: 100 })
      const { peer, channel } = await join(server)
      channel.close()
      await server.until('the end', () => channel.isGone)
      // Our FIN is out, the peer's does not come: its socket is reset, and told so by a write.
      await peer.signal.until('FIN', () => peer.ended)
      const reset = new Signal()
      peer.socket.on('error', () => reset.notify())
      const probe = (): void => void peer.socket.write(X)
      await reset.until('the reset', () => peer.gone, probe)
      expect(peer.gone).toBe(true)
    })

    test('a client that closes during connect() rejects, and leaves no socket', async () => {
      const server = await serve(kind)
      const client = new ConnectionListener({ transport: kind })
      const connecting = client.connect('127.0.0.1', server.port)
      const closed = client.close()
      await expect(connecting).rejects.toMatchObject({ code: 'REPOD_ERR_CLOSED' })
      await closed
      await server.until('no channel', () => server.connects === server.disconnects)
    })
  })
}

function outcomeOf(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve('connected')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'no code'))
  })
}
