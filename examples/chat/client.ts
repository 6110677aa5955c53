/** `node build/examples/chat/client.js Ada [room]`; then lines, `/go room` and `/quit`. */
import { createInterface } from 'node:readline'
import {
  type CloseReason,
  ConnectionListener,
  type Handlers,
  type LifecycleHandlers,
  type MessageOf,
  type RepodError,
} from 'repod'
import { PORT, type ToClient, type ToServer } from './messages.js'

class ChatClient
  extends ConnectionListener<ToServer>
  implements Handlers<ToClient>, LifecycleHandlers
{
  Network_entered({ room, people }: MessageOf<ToClient, 'entered'>): void {
    console.log(`* ${room}: ${people.join(', ')}`)
  }

  Network_came({ name }: MessageOf<ToClient, 'came'>): void {
    console.log(`* ${name} comes in`)
  }

  Network_went({ name }: MessageOf<ToClient, 'went'>): void {
    console.log(`* ${name} goes`)
  }

  Network_said({ name, text }: MessageOf<ToClient, 'said'>): void {
    console.log(`${name}: ${text}`)
  }

  Network_refused({ why }: MessageOf<ToClient, 'refused'>): void {
    console.log(`* no: ${why}`)
  }

  Network_disconnected({ reason }: { reason: CloseReason }): void {
    console.log(`* the end: ${reason.code}`)
    lines.close()
  }

  Network_error({ error }: { error: RepodError }): void {
    console.log(`* it failed: ${error.message}`)
    process.exitCode = 1
    lines.close()
  }
}

const [name = 'Ada', room = 'lobby'] = process.argv.slice(2)
const lines = createInterface({ input: process.stdin })
const chat = new ChatClient({ dispatch: 'auto' })
chat.connect('127.0.0.1', PORT)
chat.send({ action: 'join', name, room })

lines.on('line', (line) => {
  const [command, ...words] = line.split(' ')
  if (command === '/quit') chat.close()
  else if (command === '/go') chat.send({ action: 'go', room: words.join(' ') })
  else chat.send({ action: 'say', text: line })
})
lines.on('close', () => chat.close())
