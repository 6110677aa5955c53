/** Starts and stops a server on one port, over and over, a client each time; tells what is left. */
import { readdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { ConnectionListener, Server } from '../../../dist/index.js'

const [transport, cycles] = process.argv.slice(2)

const first = new Server({ port: 0, transport })
const { port } = await first.start()
await first.stop()
const server = new Server({ port, transport })

async function cycle() {
  await server.start()
  const client = new ConnectionListener({ transport, dispatch: 'auto' })
  await client.connect('127.0.0.1', port)
  await Promise.all([client.close(), server.stop()])
}

async function measure() {
  for (let n = 0; n < 3; n++) {
    globalThis.gc()
    await wait(50)
  }
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    rss: process.memoryUsage.rss(),
  }
}

// Caches, compiled code and the allocator's own are there then.
for (let n = 0; n < 500; n++) await cycle()
const before = await measure()
for (let n = 0; n < Number(cycles); n++) await cycle()
process.send({ before, after: await measure() })
process.disconnect()
