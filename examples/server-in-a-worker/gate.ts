/** The server, on a thread of its own: it answers whatever the main thread is doing. */
import { parentPort, workerData } from 'node:worker_threads'
import { Channel, type Handlers, Server } from 'repod'
import type { Keeper, Listening, Opening, ToClient, ToServer } from './messages.js'

const { port: wanted, knocks } = workerData as Keeper
const bell = new Int32Array(knocks)

class Visitor extends Channel<Gate, ToClient> implements Handlers<ToServer> {
  Network_knock(): void {
    const times = Atomics.add(bell, 0, 1) + 1
    this.send({ action: 'knocked', times })
    Atomics.notify(bell, 0)
  }
}

class Gate extends Server<Visitor> {
  override channelClass = Visitor
}

const gate = new Gate({ port: wanted })
const { host, port } = await gate.start()
parentPort?.once('message', async ({ by }: Opening) => {
  gate.sendToAll({ action: 'opened', by })
  // What was sent still goes out; without a server and a port to listen at, the thread ends.
  await gate.stop()
})
parentPort?.postMessage({ where: `${host}:${port} (${gate.transport})` } satisfies Listening)
