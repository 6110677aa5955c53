import { workerData } from 'node:worker_threads'

const { port, from, count, bytes } = workerData
const pad = 'x'.repeat(bytes)
for (let n = 0; n < count; n++) port.postMessage({ action: 'posted', from, n, pad })
port.close()
