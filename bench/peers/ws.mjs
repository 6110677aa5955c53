/** `ws`, as its README has it: one binary message in, one `send()` out. Context, not a yardstick. */
// As for net-tick: faster without, for messages of this size.
process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = 'true'

import { WebSocketServer } from 'ws'
import { ACK, ACK_EVERY, GREETING, ready, roleOf, weightOf } from '../peer.mjs'

const { Packr } = await import('msgpackr')
const packr = new Packr({ useRecords: false, variableMapSize: true })

let messages = 0
let sum = 0

const receive = roleOf({
  echo(connection, message) {
    messages++
    sum += weightOf(message)
    connection.socket.send(packr.pack(message))
  },
  ingest(connection, message) {
    messages++
    sum += weightOf(message)
    if (++connection.received % ACK_EVERY === 0) connection.socket.send(packr.pack(ACK))
  },
})

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
server.on('connection', (socket) => {
  const connection = { socket, received: 0 }
  socket.on('message', (data) => receive(connection, packr.unpack(data)))
  socket.on('error', (error) => console.error(error))
  socket.send(packr.pack(GREETING))
})
server.on('listening', () => ready(server.address().port, () => ({ messages, sum })))
