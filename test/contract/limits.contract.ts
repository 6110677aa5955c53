/** Limits over all connections of a server: how many there are, what they have waiting, both ways. */
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  Canary,
  frame,
  join,
  type Kind,
  type Recorder,
  RecordingServer,
  Signal,
  serve,
  turn,
} from './support.js'

/** Connects from an address of loopback; `greeted` once a byte came, `reset` where it was reset. */
interface Guest {
  readonly socket: Socket
  fate: 'greeted' | 'reset' | undefined
}

function guests(port: number, count: number, from = '127.0.0.1'): { all: Guest[]; signal: Signal } {
  const signal = new Signal()
  const all = Array.from({ length: count }, (): Guest => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    const guest: Guest = { socket, fate: undefined }
    const settle = (fate: 'greeted' | 'reset') => () => {
      guest.fate ??= fate
      signal.notify()
    }
    socket.once('data', settle('greeted'))
    socket.once('error', settle('reset'))
    socket.once('close', settle('reset'))
    return guest
  })
  onTestFinished(() => {
    for (const { socket } of all) socket.destroy()
  })
  return { all, signal }
}

async function fates(port: number, count: number, from?: string): Promise<Record<string, number>> {
  const { all, signal } = guests(port, count, from)
  await signal.until('all fates', () => all.every(({ fate }) => fate !== undefined))
  return countOf(all)
}

function countOf(all: readonly Guest[]): Record<string, number> {
  return {
    greeted: all.filter(({ fate }) => fate === 'greeted').length,
    reset: all.filter(({ fate }) => fate === 'reset').length,
  }
}

export function limits(kind: Kind): void {
  describe('limits of a server', () => {
    test('C1 of 150 connects at maxConnections 100 50 are reset; freeing one admits one', async () => {
      const server = await serve(kind, { maxConnections: 100 })
      const { all, signal } = guests(server.port, 150)
      await signal.until('all fates', () => all.every(({ fate }) => fate !== undefined))
      expect(countOf(all)).toEqual({ greeted: 100, reset: 50 })
      expect(server.connects).toBe(100)
      expect(server.channels.size).toBe(100)
      expect(server.stats()).toMatchObject({
        connectionsOpened: 100,
        connectionsOpen: 100,
        refusedBy: { maxConnections: 50, maxConnectionsPerIp: 0 },
      })
      all.find(({ fate }) => fate === 'greeted')?.socket.end()
      await server.until('one end', () => server.disconnects === 1)
      expect(await fates(server.port, 3)).toEqual({ greeted: 1, reset: 2 })
      expect(server.connects).toBe(101)
    })

    test('C4 200 connects from one address at its cap of 100: 100 are reset, another is let in', async () => {
      const server = await serve(kind, { exemptLoopback: false })
      const { all, signal } = guests(server.port, 200, '127.0.0.2')
      await signal.until('all fates', () => all.every(({ fate }) => fate !== undefined))
      expect(countOf(all)).toEqual({ greeted: 100, reset: 100 })
      expect(await fates(server.port, 1, '127.0.0.3')).toEqual({ greeted: 1, reset: 0 })
      expect(server.stats().refusedBy).toEqual({ maxConnections: 0, maxConnectionsPerIp: 100 })
      expect(server.connects).toBe(101)
    })

    test('C4 loopback is exempt by default', async () => {
      const server = await serve(kind)
      expect(await fates(server.port, 150, '127.0.0.2')).toEqual({ greeted: 150, reset: 0 })
    })

    test('C9 maxConnections 0 lets nobody in', async () => {
      const server = await serve(kind, { maxConnections: 0 })
      expect(await fates(server.port, 5)).toEqual({ greeted: 0, reset: 5 })
      expect(server.connects).toBe(0)
      expect(server.stats()).toMatchObject({ connectionsOpened: 0, closedBy: {} })
    })

    test('refused connections leave nothing: 2,000 of them, and then stop()', async () => {
      const server = await serve(kind, { maxConnections: 1 })
      const canary = await Canary.join(server, kind)
      for (let round = 0; round < 20; round++) {
        expect(await fates(server.port, 100)).toEqual({ greeted: 0, reset: 100 })
        canary.sing()
      }
      await canary.check()
      expect(await server.stop()).toEqual({ channels: 0, bytes: 0 })
      expect(server.stats().refusedBy.maxConnections).toBe(2_000)
    })

    test('maxInboundTotal: beyond it nobody is read, and all of it arrives in the end', async () => {
      const server = await serve(kind, {
        dispatch: 'pump',
        maxInboundTotal: 100_000,
        ringBytes: 65_536,
      })
      const count = 4_000
      const one = frame({ action: 'n', filler: 'x'.repeat(1_000) })
      const flood = Buffer.concat(Array.from({ length: count }, () => one))
      const sockets = guests(server.port, 10).all.map(({ socket }) => socket)
      for (const socket of sockets) socket.write(flood)
      let most = 0
      const arrived = (): number => server.all.reduce((sum, each) => sum + each.messages.length, 0)
      for (let looks = 0; arrived() < 10 * count; looks++) {
        if (looks < 500) server.pump(1)
        else server.pump()
        most = Math.max(most, server.stats().inboundBytes)
        await turn()
      }
      // At least what filled it, less the one message that was pumped; at most also what was under
      // way then: of each connection a read, and once the ring.
      expect(most).toBeGreaterThan(100_000 - one.length)
      expect(most).toBeLessThan(100_000 + 10 * 65_536 + 65_536)
      expect(server.all.map((each) => each.messages.length)).toEqual(Array(10).fill(count))
      expect(server.stats().inboundBytes).toBe(0)
    })

    test('maxBufferedTotal: the largest buffers are evicted, and as many as must be', async () => {
      const server = await serve(kind, { maxBufferedTotal: 1_000_000 })
      const canary = await Canary.join(server, kind)
      const channels: Recorder[] = []
      for (let n = 0; n < 4; n++) channels.push((await join(server)).channel)
      await idle(server)
      const chunk = { action: 'chunk', filler: 'x'.repeat(50_000) }
      // 150, 200, 250 and 300 kilobytes; within a turn all of it waits.
      for (const [at, channel] of channels.entries()) {
        for (let n = 0; n < 3 + at; n++) expect(channel.send(chunk)).toBeGreaterThan(0)
      }
      expect(server.stats().bufferedBytes).toBeGreaterThan(900_000)
      expect(channels[0]?.send(chunk)).toBeGreaterThan(0)
      expect(channels[0]?.send(chunk)).toBeGreaterThan(0)
      expect(channels.map(({ isConnected }) => isConnected)).toEqual([true, true, true, false])
      expect(channels[3]?.send(chunk)).toBe(0)
      await server.until('the end', () => channels[3]?.isGone === true)
      expect(channels[3]?.events).toEqual([
        'connect',
        'error EVICTED',
        'close EVICTED',
        'disconnect EVICTED',
      ])
      expect(server.stats().closedBy).toEqual({ EVICTED: 1 })
      await canary.check()
    })

    test('maxBufferedTotal: whoever sends to the largest buffer is told by 0', async () => {
      const server = await serve(kind, { maxBufferedTotal: 100_000 })
      const { channel } = await join(server)
      await idle(server)
      const chunk = { action: 'chunk', filler: 'x'.repeat(50_000) }
      expect(channel.send(chunk)).toBeGreaterThan(0)
      expect(channel.send(chunk)).toBe(0)
      await server.until('the end', () => channel.isGone)
      expect(channel.closeReason?.code).toBe('EVICTED')
    })

    test('maxBufferedTotal: a frame for many counts once while any of them waits for it', async () => {
      const server = await serve(kind, { maxBufferedTotal: 1_000_000 })
      for (let n = 0; n < 20; n++) await join(server)
      await idle(server)
      const chunk = { action: 'chunk', filler: 'x'.repeat(60_000) }
      for (let n = 0; n < 15; n++) expect(server.sendToAll(chunk)).toBe(20)
      expect(server.stats().bufferedBytes).toBeGreaterThan(900_000)
      expect(server.stats().bufferedBytes).toBeLessThan(1_000_000)
      await idle(server)
      expect(server.stats().closedBy).toEqual({})
      // Twice that is beyond it, and nobody has a share of his own: all have to go.
      for (let n = 0; n < 15; n++) server.sendToAll(chunk)
      expect(server.sendToAll(chunk)).toBe(20)
      expect(server.sendToAll(chunk)).toBe(0)
      await server.until('the ends', () => server.disconnects === 20)
      expect(server.stats().closedBy).toEqual({ EVICTED: 20 })
    })

    test('two servers that set reusePort share a port, others do not', async () => {
      const shares = kind === 'native' || SUPPORTS_REUSE_PORT
      const first = new RecordingServer({ port: 0, transport: kind, reusePort: true })
      if (!shares) {
        await expect(first.start()).rejects.toMatchObject({
          code: 'REPOD_ERR_UNSUPPORTED',
          cause: { code: 'UNSUPPORTED' },
        })
        return
      }
      const { port } = await first.start()
      const second = await serve(kind, { port, reusePort: true })
      const third = new RecordingServer({ port, transport: kind })
      await expect(third.start()).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } })
      await first.stop()
      await (await Canary.join(second, kind)).check()
    })
  })
}

/** Until the greetings have gone. */
async function idle(server: RecordingServer): Promise<void> {
  while (server.stats().bufferedBytes > 0) await turn()
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const SUPPORTS_REUSE_PORT = major > 22 || (major === 22 && minor >= 12)
