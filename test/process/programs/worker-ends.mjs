/** Workers that stop by themselves, exit, and throw, while the main thread's own load goes on. */
import { Worker } from 'node:worker_threads'
import { load } from './load.mjs'

const { server, clients } = await load(Number.POSITIVE_INFINITY, () => undefined)
const ends = []
for (const how of ['stop', 'exit', 'throw']) {
  const worker = new Worker(new URL('./ending-worker.mjs', import.meta.url), { argv: [how] })
  let message = ''
  worker.on('error', (error) => {
    message = error.message
  })
  const code = await new Promise((resolve) => worker.on('exit', resolve))
  ends.push([how, code, message])
}
await Promise.all(clients.map((client) => client.close()))
await server.stop()
process.stdout.write(JSON.stringify(ends))
