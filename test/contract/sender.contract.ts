/** `sender()`: what other threads send through a port, and what that must not do to the channel. */
import { once } from 'node:events'
import { type MessagePort, Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Client, ConnectionListener, type RepodError } from '../../ts/index.js'
import {
  Canary,
  join,
  type Kind,
  OVERFULL,
  type Recorder,
  received,
  Signal,
  serve,
  turn,
} from './support.js'

/** Posts `count` messages in one go, then says so; `from` tells the workers apart. */
function post(port: MessagePort, count: number, from: number, filler = ''): Promise<void> {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { port, count, from, filler } = workerData
    for (let n = 0; n < count; n++) port.postMessage({ action: 'posted', from, n, filler })
    parentPort.postMessage('posted')
    parentPort.once('message', () => port.close())
  `
  const worker = new Worker(program, {
    eval: true,
    workerData: { port, count, from, filler },
    transferList: [port],
  })
  onTestFinished(async () => {
    await worker.terminate()
  })
  return once(worker, 'message').then(() => undefined)
}

/** Sends more than the kernel takes for a peer that does not read; how many messages that were. */
function overfill(channel: Recorder): number {
  let [messages, bytes] = [0, 0]
  for (; bytes < OVERFULL; messages++) {
    bytes += channel.send({ action: 'big', text: 'x'.repeat(64_000) })
  }
  return messages
}

export function sender(kind: Kind): void {
  describe('sender()', () => {
    test('sends what a worker posts, in order, beside what the channel sends itself', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const posted = post(channel.sender(), 1_000, 1)
      for (let n = 0; n < 100; n++) channel.send({ action: 'own', n })
      await posted
      const got = await received(peer, 1_100)
      for (const [action, count] of [
        ['posted', 1_000],
        ['own', 100],
      ] as const) {
        const numbers = got.filter((message) => message.action === action).map(({ n }) => n)
        expect(numbers).toEqual(Array.from({ length: count }, (_, n) => n))
      }
    })

    test('several ports keep an order each, and each has its turn', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 * OVERFULL })
      const { peer, channel } = await join(server)
      peer.socket.pause()
      const big = overfill(channel)
      const filler = 'x'.repeat(500)
      await Promise.all([1, 2, 3].map((from) => post(channel.sender(), 2_000, from, filler)))
      peer.socket.resume()
      const got = (await received(peer, big + 6_000)).filter(({ action }) => action === 'posted')
      for (const from of [1, 2, 3]) {
        const numbers = got.filter((message) => message['from'] === from).map(({ n }) => n)
        expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, n) => n))
      }
      // Nobody's last message comes before somebody's first half: they took turns.
      const ends = [1, 2, 3].map((from) => got.findLastIndex((each) => each['from'] === from))
      const halves = [1, 2, 3].map((from) =>
        got.findIndex((each) => each['from'] === from && each['n'] === 1_000),
      )
      expect(Math.min(...ends)).toBeGreaterThan(Math.max(...halves))
    })

    test('leaves what a worker posts in the port while the channel is not writable', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.pause()
      const filler = 'x'.repeat(1_000)
      await post(channel.sender(), 40_000, 1, filler)
      let most = 0
      const look = (): void => {
        most = Math.max(most, channel.bufferedBytes)
      }
      // Far more than the kernel takes for a peer that does not read.
      for (let turns = 0; channel.isWritable || turns < 200; turns++) {
        look()
        await turn()
      }
      expect(channel.isConnected).toBe(true)
      peer.socket.resume()
      await peer.signal.until('all of it', () => peer.payloads.length > 40_000, look)
      // The high water, and the frame that crossed it.
      expect(most).toBeLessThan(65_536 + 1_100)
      const got = await received(peer, 40_000)
      expect(got.map(({ n }) => n)).toEqual(Array.from({ length: 40_000 }, (_, n) => n))
    })

    test('a message that send() would refuse goes to onError, and what follows is sent', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const port = channel.sender()
      port.postMessage({ action: 'one' })
      port.postMessage({ action: 'bad', value: 2n ** 64n })
      port.postMessage('no message')
      port.postMessage({ action: 'large', text: 'x'.repeat(1_100_000) })
      port.postMessage({ action: 'two' })
      const got = await received(peer, 2)
      expect(got.map(({ action }) => action)).toEqual(['one', 'two'])
      expect(channel.events).toEqual([
        'connect',
        'error INVALID_VALUE',
        'error INVALID_VALUE',
        'error FRAME_TOO_LARGE',
      ])
      port.close()
    })

    test('a port is closed with its connection, whoever ends that; a later one is closed', async () => {
      const server = await serve(kind)
      for (const end of ['channel', 'peer'] as const) {
        const { peer, channel } = await join(server)
        const ports = [channel.sender(), channel.sender()]
        const closed = Promise.all(ports.map((port) => once(port, 'close')))
        if (end === 'channel') channel.close()
        else peer.socket.end()
        await closed
        await server.until('the end', () => channel.isGone)
        await once(channel.sender(), 'close')
      }
    })

    test('a port that its worker closes has sent what was posted before', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const port = channel.sender()
      for (let n = 0; n < 100; n++) port.postMessage({ action: 'n', n })
      port.close()
      expect(await received(peer, 100)).toHaveLength(100)
    })

    test('of a client sends after the greeting, and tells its onError', async () => {
      const server = await serve(kind)
      class Telling extends Client {
        readonly signal = new Signal()
        readonly errors: string[] = []
        override onError(error: RepodError): void {
          this.errors.push(error.code)
          this.signal.notify()
        }
      }
      const client = new Telling({ transport: kind })
      await once(client.sender(), 'close')
      const connecting = client.connect('127.0.0.1', server.port)
      const port = client.sender()
      port.postMessage({ action: 'early' })
      await connecting
      port.postMessage(undefined)
      port.postMessage({ action: 'late' })
      await server.until('both', () => server.all[0]?.messages.length === 2)
      expect(server.all[0]?.messages.map(({ action }) => action)).toEqual(['early', 'late'])
      expect(client.errors).toEqual(['REPOD_ERR_INVALID_VALUE'])
      const closed = once(port, 'close')
      await client.close()
      await closed
    })

    test("of a listener's connection tells its Network_error, inside pump()", async () => {
      const server = await serve(kind)
      const errors: string[] = []
      class Telling extends ConnectionListener {
        Network_error({ error }: { error: RepodError }): void {
          errors.push(error.code)
        }
      }
      await using listener = new Telling({ transport: kind })
      await listener.connect('127.0.0.1', server.port)
      const port = listener.connection.sender()
      port.postMessage(5)
      port.postMessage({ action: 'x' })
      await server.until('the message', () => server.all[0]?.messages.length === 1)
      expect(errors).toEqual([])
      listener.pump()
      expect(errors).toEqual(['REPOD_ERR_INVALID_VALUE'])
    })

    test('ports hold nobody up', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      const { channel } = await join(server)
      const posted = post(channel.sender(), 20_000, 1)
      for (let n = 0; n < 20; n++) await canary.check()
      await posted
    })
  })
}
