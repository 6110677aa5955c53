/** Who is how far away: `node build/examples/lag-time/server.js`, then as many clients as you like. */
import { Channel, type Handlers, Server } from 'repod'
import { PORT, type Row, type ToClient, type ToServer } from './messages.js'

const TABLE_EVERY = 1000

class Player extends Channel<LagServer, ToClient> implements Handlers<ToServer> {
  name = `player ${this.id}`
  pings = 0
  last = 0
  total = 0
  worst = 0

  Network_join({ name }: { name: unknown }): void {
    if (typeof name === 'string') this.name = name.slice(0, 16).replace(/\p{C}/gu, '')
  }

  /** Answered at once: what the player measures is the way, not the server's rhythm. */
  Network_ping({ count }: { count: unknown }): void {
    if (typeof count === 'number') this.send({ action: 'pong', count })
  }

  Network_measured({ roundTrip }: { roundTrip: unknown }): void {
    if (typeof roundTrip !== 'number' || !(roundTrip >= 0)) return
    this.pings++
    this.last = roundTrip
    this.total += roundTrip
    this.worst = Math.max(this.worst, roundTrip)
  }

  get row(): Row {
    const { name, pings, last, total, worst } = this
    return { name, pings, last, mean: total / pings, worst }
  }
}

class LagServer extends Server<Player> {
  override channelClass = Player

  sendTable(): void {
    const measured = [...this.channels].filter(({ pings }) => pings > 0)
    this.sendToAll({ action: 'table', rows: measured.map(({ row }) => row) })
  }
}

const server = new LagServer({ port: PORT })
const { host, port } = await server.start()
console.log(`lag time on ${host}:${port} (${server.transport})`)
const tables = setInterval(() => server.sendTable(), TABLE_EVERY)
await server.launch()
clearInterval(tables)
