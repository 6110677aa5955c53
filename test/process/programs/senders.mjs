/**
 * A round for each connection: four workers post to its channel and end. Tells when they have, and,
 * asked by `done`, what is left of it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Channel, Server } from '../../../dist/index.js'

const [transport, count, bytes] = process.argv.slice(2)
const WORKERS = 4

class PostedTo extends Channel {
  most = 0
  onConnect() {
    void round(this)
  }
}
class PostServer extends Server {
  channelClass = PostedTo
}

async function round(channel) {
  let most = 0
  let isOver = false
  const watch = () => {
    most = Math.max(most, channel.bufferedBytes)
    if (!isOver) setImmediate(watch)
  }
  watch()
  await Promise.all(Array.from({ length: WORKERS }, (_, from) => post(channel.sender(), from)))
  // Nobody reads yet, and it is more than the kernel takes: the output stands before long.
  while (channel.isWritable) await new Promise((resolve) => setImmediate(resolve))
  process.send({ is: 'posted' })
  process.once('message', async () => {
    isOver = true
    channel.close()
    // What a collection finalizes is freed after it.
    for (let n = 0; n < 5; n++) {
      globalThis.gc()
      await wait(50)
    }
    process.send({ is: 'over', most, rss: process.memoryUsage.rss() })
  })
}

/** Settles once the worker has posted all of it and is gone. */
function post(port, from) {
  const worker = new Worker(new URL('./posting-worker.mjs', import.meta.url), {
    workerData: { port, from, count: Number(count), bytes: Number(bytes) },
    transferList: [port],
  })
  return new Promise((resolve) => worker.once('exit', resolve))
}

const server = new PostServer({ port: 0, transport })
const { port } = await server.start()
process.send({ is: 'listening', port })
process.once('disconnect', () => void server.stop())
