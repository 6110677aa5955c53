/** `node build/examples/server-in-a-worker/client.js`: Enter knocks, until somebody opens. */
import { createInterface } from 'node:readline'
import {
  ConnectionListener,
  type Handlers,
  type LifecycleHandlers,
  type MessageOf,
  type RepodError,
} from 'repod'
import { PORT, type ToClient, type ToServer } from './messages.js'

class Visitor
  extends ConnectionListener<ToServer>
  implements Handlers<ToClient>, LifecycleHandlers
{
  Network_knocked({ times }: MessageOf<ToClient, 'knocked'>): void {
    console.log(`knock number ${times}`)
  }

  Network_opened({ by }: MessageOf<ToClient, 'opened'>): void {
    console.log(`${by} opens`)
  }

  Network_disconnected(): void {
    lines.close()
  }

  Network_error({ error }: { error: RepodError }): void {
    console.error(error.message)
    process.exitCode = 1
    lines.close()
  }
}

const lines = createInterface({ input: process.stdin })
const visitor = new Visitor({ dispatch: 'auto' })
visitor.connect('127.0.0.1', PORT)
lines.on('line', () => visitor.send({ action: 'knock' }))
lines.on('close', () => visitor.close())
