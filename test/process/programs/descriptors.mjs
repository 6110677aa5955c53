/** A server that is asked what it has done since it was last asked. */
import { Channel, Server } from '../../../dist/index.js'

const [transport] = process.argv.slice(2)

class Echo extends Channel {
  networkReceived(data) {
    this.send(data)
  }
}
class EchoServer extends Server {
  channelClass = Echo
}

const server = new EchoServer({ port: 0, transport })
const { port } = await server.start()
process.send({ port })

let cpu = process.cpuUsage()
let stats = server.stats()
process.on('message', () => {
  const { user, system } = process.cpuUsage(cpu)
  const now = server.stats()
  process.send({
    open: now.connectionsOpen,
    cpu: (user + system) / 1_000,
    wakeUps: now.wakeUps - stats.wakeUps,
    engineTurns: now.engineTurns - stats.engineTurns,
  })
  cpu = process.cpuUsage()
  stats = now
})
process.once('disconnect', () => void server.stop())
