/** The arena: `npm run demo [-- --transport pure --players 60 --seconds 8]`. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { BotReport } from './bots.js'
import { Meter, THREAD_TIME } from './meter.js'
import { ArenaServer } from './server.js'
import { Table } from './table.js'
import { TICK_RATE } from './world.js'

const { values } = parseArgs({
  options: {
    transport: { type: 'string', default: 'auto' },
    players: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '8' },
  },
})

const server = new ArenaServer({ port: 0, transport: values.transport as 'auto' })
const { port } = await server.start()
const ticks = setInterval(() => server.tick(), 1000 / TICK_RATE)

const bots = startBots(port)
const left = once(bots, 'exit')
// Their first word: all of them play. What starting them cost is not the game's.
await Promise.race([once(bots, 'message'), left])
const meter = new Meter(server)
bots.on('message', ({ roundTrips }: BotReport) => meter.add(roundTrips))
const table = new Table(process.stdout, server.transport, server.transportReason, THREAD_TIME)
const rows = setInterval(() => table.show(meter.row()), 1000)

await Promise.race([timeUp(), once(process, 'SIGINT'), left])
clearInterval(rows)
table.end(meter.total())
if (server.transport === 'native') {
  console.log('The same game on node:net: npm run demo -- --transport pure')
}
if (bots.connected) bots.disconnect()
const [code] = await left
clearInterval(ticks)
await server.stop()
process.exitCode = code ?? 1

/** In a process of their own, so that the time of this one is the server's alone. */
function startBots(port: number): ChildProcess {
  const path = fileURLToPath(new URL('./bots.js', import.meta.url))
  const env = { ...process.env, REPOD_TRANSPORT: server.transport }
  return fork(path, [String(port), values.players], { env })
}

function timeUp(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Number(values.seconds) * 1000).unref()
  })
}
