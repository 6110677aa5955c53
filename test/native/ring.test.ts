/**
 * The ring at its smallest legal size, where it is full all the time: no wake-up may be lost. A
 * silence of 250 ms is looked at: if a look then finds anything, both sides were asleep over it.
 */
import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { Channel, ConnectionListener, type ReceivedMessage, Server } from '../../ts/index.js'
import { selectTransport } from '../../ts/transport/select.js'
import { random, SCALE, threads } from './support.js'

const seed = Number(process.env['REPOD_SEED'] ?? randomInt(2 ** 31))
const next = random(seed)
const ringBytes = 4_096
const ROUND_TRIPS = 100_000 * SCALE

function busyPause(): void {
  if (next() > 0.02) return
  const end = performance.now() + next() * 0.2
  while (performance.now() < end);
}

class EchoChannel extends Channel<EchoServer> {
  Network_ping(data: ReceivedMessage): void {
    busyPause()
    this.send({ action: 'pong', n: data['n'] })
  }
}
class EchoServer extends Server<EchoChannel> {
  override channelClass = EchoChannel
}

class PingClient extends ConnectionListener {
  n = 0
  done: () => void = () => {}
  failed: (error: Error) => void = () => {}
  Network_pong(data: ReceivedMessage): void {
    if (data['n'] !== this.n) this.failed(new Error(`pong ${data['n']} instead of ${this.n}`))
    busyPause()
    if (++this.n === ROUND_TRIPS) this.done()
    else this.send({ action: 'ping', n: this.n })
  }
  Network_disconnected(): void {
    this.failed(new Error('disconnected'))
  }
}

it(`loses no wake-up in ${ROUND_TRIPS} round trips over the smallest ring (seed ${seed})`, {
  timeout: 20 * 60_000,
}, async () => {
  const server = new EchoServer({ port: 0, transport: 'native', ringBytes })
  const { port } = await server.start()
  expect(threads()).toContain('repod-engine')
  const client = new PingClient({ transport: 'native', dispatch: 'auto', ringBytes })
  const { transport } = selectTransport('native')
  let silence: NodeJS.Timeout | undefined
  try {
    await client.connect('127.0.0.1', port)
    await new Promise<void>((resolve, reject) => {
      client.done = resolve
      client.failed = reject
      let last = -1
      silence = setInterval(() => {
        if (client.n !== last) {
          last = client.n
          return
        }
        const before = transport.counters.takes
        transport.look()
        const found = transport.counters.takes - before
        reject(new Error(`silent for 250 ms after ${last} round trips; a look found ${found}`))
      }, 250)
      client.send({ action: 'ping', n: 0 })
    })
  } finally {
    clearInterval(silence)
    client.failed = () => {}
    await client.close()
    await server.stop()
  }
  expect(client.n).toBe(ROUND_TRIPS)
})
