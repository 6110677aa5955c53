/** Terminates workers that are under load, a few at a time. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const total = Number(process.argv[2])
const codes = new Map()
let started = 0

async function lane() {
  while (started < total) {
    started++
    const worker = new Worker(new URL('./worker.mjs', import.meta.url))
    await once(worker, 'message')
    const code = await worker.terminate()
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
}

await Promise.all([lane(), lane(), lane()])
process.stdout.write(JSON.stringify([...codes]))
