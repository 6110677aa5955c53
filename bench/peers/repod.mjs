/** This library, as its user writes it. `repod.mjs <role> native | pure`. */
import { Channel, Server } from 'repod'
import { WEIGHTS } from '../payloads.mjs'
import { ACK, ACK_EVERY, ready, roleOf } from '../peer.mjs'

let messages = 0
let sum = 0

class EchoChannel extends Channel {
  Network_input(data) {
    messages++
    sum += WEIGHTS.input(data)
    this.send(data)
  }

  Network_state(data) {
    messages++
    sum += WEIGHTS.state(data)
    this.send(data)
  }

  Network_chat(data) {
    messages++
    sum += WEIGHTS.chat(data)
    this.send(data)
  }
}

class IngestChannel extends Channel {
  received = 0

  Network_input(data) {
    this.#count(WEIGHTS.input(data))
  }

  Network_state(data) {
    this.#count(WEIGHTS.state(data))
  }

  Network_chat(data) {
    this.#count(WEIGHTS.chat(data))
  }

  #count(weight) {
    messages++
    sum += weight
    if (++this.received % ACK_EVERY === 0) this.send(ACK)
  }
}

class BenchServer extends Server {
  channelClass = roleOf({ echo: EchoChannel, ingest: IngestChannel })

  onDisconnect(_channel, reason) {
    if (reason.code !== 'PEER_CLOSED' && reason.code !== 'PEER_RESET') console.error(reason)
  }
}

const transport = process.argv[3]
const server = new BenchServer({ host: '127.0.0.1', port: 0, transport })
const { port } = await server.start()
if (server.transport !== transport) {
  throw new Error(`runs on ${server.transport}: ${server.transportReason}`)
}
ready(port, () => ({ messages, sum, stats: server.stats() }))
