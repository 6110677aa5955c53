/** A server and clients that keep each other busy, on the native transport. */
import { Channel, ConnectionListener, Server } from '../../../dist/index.js'

class EchoChannel extends Channel {
  Network_say(data) {
    this.send(data)
  }
}

class EchoServer extends Server {
  channelClass = EchoChannel
}

class BusyClient extends ConnectionListener {
  constructor(onMessage) {
    super({ dispatch: 'auto', transport: 'native' })
    this.onMessage = onMessage
  }
  Network_connected() {
    for (let i = 0; i < 64; i++) this.send({ action: 'say', i, text: 'hello', at: i / 3 })
  }
  Network_say(data) {
    this.send(data)
    this.onMessage()
  }
}

/** Calls `then` once, inside a handler, when `messages` have come back. */
export async function load(messages, then, count = 4) {
  const server = new EchoServer({ port: 0, transport: 'native' })
  const { port } = await server.start()
  let seen = 0
  const onMessage = () => {
    seen++
    if (seen === messages) then(loaded)
  }
  const loaded = { server, clients: Array.from({ length: count }, () => new BusyClient(onMessage)) }
  await Promise.all(loaded.clients.map((client) => client.connect('127.0.0.1', port)))
  return loaded
}
