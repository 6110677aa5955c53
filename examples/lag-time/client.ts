/** `node build/examples/lag-time/client.js Ada`: everybody's round trips, until Ctrl-C. */
import { ConnectionListener, type Handlers, type LifecycleHandlers, type RepodError } from 'repod'
import { PORT, type Row, type ToClient, type ToServer } from './messages.js'

const PING_EVERY = 100

class LagMeter
  extends ConnectionListener<ToServer>
  implements Handlers<ToClient>, LifecycleHandlers
{
  readonly #sentAt = new Map<number, number>()
  #count = 0

  ping(): void {
    this.#count++
    this.#sentAt.set(this.#count, performance.now())
    this.send({ action: 'ping', count: this.#count })
  }

  Network_pong({ count }: { count: number }): void {
    const sentAt = this.#sentAt.get(count)
    if (sentAt === undefined) return
    this.#sentAt.delete(count)
    this.send({ action: 'measured', roundTrip: performance.now() - sentAt })
  }

  Network_table({ rows }: { rows: readonly Row[] }): void {
    show(rows)
  }

  Network_disconnected(): void {
    clearInterval(pings)
  }

  Network_error({ error }: { error: RepodError }): void {
    console.error(error.message)
    process.exitCode = 1
    clearInterval(pings)
  }
}

/** Over the last one in a terminal, below it anywhere else. */
function show(rows: readonly Row[]): void {
  const heading = `${'name'.padEnd(16)}   pings   last ms   mean ms  worst ms`
  const lines = rows.map(({ name, pings, last, mean, worst }) => {
    const times = [last, mean, worst].map((time) => time.toFixed(2).padStart(10)).join('')
    return name.padEnd(16) + String(pings).padStart(8) + times
  })
  if (process.stdout.isTTY) console.clear()
  console.log([heading, ...lines].join('\n'))
}

const meter = new LagMeter({ dispatch: 'auto' })
const pings = setInterval(() => meter.ping(), PING_EVERY)
process.once('SIGINT', () => meter.close())
meter.connect('127.0.0.1', PORT)
meter.send({ action: 'join', name: process.argv[2] ?? 'Ada' })
