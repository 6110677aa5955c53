import { parentPort } from 'node:worker_threads'
import { load } from './load.mjs'

await load(500, () => parentPort.postMessage('busy'))
