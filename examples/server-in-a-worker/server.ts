/**
 * A gate and its sleeping keeper: `node build/examples/server-in-a-worker/server.js`, then clients.
 * The keeper is the main thread, and stands still, as in a long computation; the gate is a worker.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { type Keeper, type Listening, type Opening, PORT } from './messages.js'

const SOUND_SLEEP = 3

const knocks = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
const bell = new Int32Array(knocks)
const workerData: Keeper = { port: PORT, knocks }
const gate = new Worker(new URL('./gate.js', import.meta.url), { workerData })
const [{ where }] = (await once(gate, 'message')) as [Listening]
console.log(`gate on ${where}`)

// From here to the end of the loop nothing else runs on this thread: no timer, no socket.
for (let heard = 0; heard < SOUND_SLEEP; heard = Atomics.load(bell, 0)) {
  Atomics.wait(bell, 0, heard)
}
console.log(`the keeper wakes: ${Atomics.load(bell, 0)} knocks`)
gate.postMessage({ by: 'the keeper' } satisfies Opening)
