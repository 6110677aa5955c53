/** 200 clients and an auto server in one process, all flooded, one never pumped. */
import { expect, it } from 'vitest'
import { Channel, ConnectionListener, type ReceivedMessage, Server } from '../../ts/index.js'
import { turn, until } from './support.js'

const CLIENTS = 200
const QUEUE = 64
const PAD = 'x'.repeat(200)
const ringBytes = 65_536

class FloodChannel extends Channel<FloodServer> {
  seen = 0
  Network_up(_data: ReceivedMessage): void {
    this.seen++
  }
  /** Sends until its output stands, and goes on when it has drained. */
  flood(): void {
    while (this.isWritable) this.send({ action: 'down', pad: PAD })
  }
  override onDrain(): void {
    this.flood()
  }
}
class FloodServer extends Server<FloodChannel> {
  override channelClass = FloodChannel
}
class FloodClient extends ConnectionListener {
  seen = 0
  Network_down(_data: ReceivedMessage): void {
    this.seen++
  }
  flood(): void {
    if (this.connection.bufferedBytes < 16_384) {
      for (let i = 0; i < 8; i++) this.send({ action: 'up', pad: PAD })
    }
  }
}

it('serves each of 199 flooded clients, and holds up only the one that nobody pumps', {
  timeout: 60_000,
}, async () => {
  const server = new FloodServer({
    port: 0,
    transport: 'native',
    ringBytes,
    writeHighWater: 32_768,
    // `flood` refills an output as soon as it has drained: it would never be read.
    pauseReadWhenOutFull: false,
  })
  const { port } = await server.start()
  const clients: FloodClient[] = []
  try {
    for (let i = 0; i < CLIENTS; i++) {
      const client = new FloodClient({
        transport: 'native',
        ringBytes,
        inboundQueueMessages: QUEUE,
      })
      // Settles although nobody pumps yet.
      await client.connect('127.0.0.1', port)
      clients.push(client)
    }
    await until('all channels', () => server.channels.size === CLIENTS)
    const [unpumped, ...pumped] = clients
    if (unpumped === undefined) throw new Error('unreachable: 200 clients')
    for (const channel of server.channels) channel.flood()
    const served = [...server.channels]
    const quiet = process.memoryUsage.rss()
    let flooded = quiet
    for (let pass = 0; pass < 40; pass++) {
      // What the heap and the sockets need while all are flooded is there by now.
      if (pass === 20) flooded = process.memoryUsage.rss()
      const before = pumped.map((client) => client.seen)
      const upBefore = served.map((channel) => channel.seen)
      for (const client of clients) client.flood()
      // A pass of the game loop ends once each had its turn; a starved one would never have it.
      await until(`each served in pass ${pass}`, () => {
        for (const client of pumped) client.pump()
        return (
          pumped.every((client, i) => client.seen > (before[i] ?? 0)) &&
          served.every((channel, i) => channel.seen > (upBefore[i] ?? 0))
        )
      })
    }
    expect(unpumped.seen).toBe(0)
    const waiting = unpumped.pump()
    // Beyond its queue, at most what the ring held of it: a record of `down` is over 200 bytes.
    expect(waiting).toBeGreaterThanOrEqual(QUEUE)
    expect(waiting).toBeLessThanOrEqual(QUEUE + ringBytes / 200)
    const rss = process.memoryUsage.rss()
    expect(rss - quiet).toBeLessThan(64 * 2 ** 20)
    expect(rss - flooded).toBeLessThan(32 * 2 ** 20)
    await turn()
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    await server.stop()
  }
})
