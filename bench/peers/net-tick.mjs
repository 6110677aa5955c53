/**
 * The yardstick: the fastest server that we know how to write on `node:net` and msgpackr. What came
 * in one read is decoded where it lies, replies are packed where they are sent from, and leave in one
 * write per connection and turn. No limits, no validation, no backpressure: nobody should run it.
 */
import { createServer } from 'node:net'
import { ACK, ACK_EVERY, GREETING, ready, roleOf, weightOf } from '../peer.mjs'

// The native string extractor makes small frames slower. msgpackr reads this when it is loaded.
process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = 'true'
const { Packr, REUSE_BUFFER_MODE } = await import('msgpackr')

const SLAB_BYTES = 1 << 20
/** Left free behind what is packed, or msgpackr takes a buffer of its own. */
const ROOM_BYTES = 1 << 12
/** msgpackr caches keys only where its source ends below byte 180: short frames are moved there. */
const SHORT_FRAME = 179

const packr = new Packr({ useRecords: false, variableMapSize: true })
const short = Buffer.allocUnsafeSlow(SHORT_FRAME)
const range = { start: 0, end: 0 }

let messages = 0
let sum = 0

/** Replies of one connection's turn lie in `slab` from `from` to `at`. */
let slab
let from
let at
takeSlab()

function takeSlab() {
  slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  packr.useBuffer(slab)
  from = 0
  at = 0
}

class Connection {
  received = 0
  /** Of a frame that has not come whole. */
  rest = undefined

  constructor(socket) {
    this.socket = socket
    this.send(GREETING)
    this.flush()
    socket.on('data', (chunk) => this.read(chunk))
    socket.on('error', (error) => console.error(error))
  }

  read(chunk) {
    const bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk])
    let start = 0
    while (start + 4 <= bytes.length) {
      const body = start + 4
      const length =
        (bytes[start] << 24) | (bytes[start + 1] << 16) | (bytes[start + 2] << 8) | bytes[start + 3]
      const end = body + length
      if (end > bytes.length) break
      receive(this, decode(bytes, body, end))
      start = end
    }
    this.rest = start === bytes.length ? undefined : bytes.subarray(start)
    this.flush()
  }

  send(message) {
    if (at + ROOM_BYTES > SLAB_BYTES) {
      this.flush()
      takeSlab()
    }
    // msgpackr begins at a multiple of 8, the frame where the one before it ended.
    packr.position = at + 4
    const packed = packr.pack(message, REUSE_BUFFER_MODE)
    const { start, end } = packed
    const length = end - start
    if (packed !== slab) {
      this.sendLarge(packed, start, end)
      return
    }
    if (start !== at + 4) slab.copyWithin(at + 4, start, end)
    slab[at] = length >>> 24
    slab[at + 1] = length >>> 16
    slab[at + 2] = length >>> 8
    slab[at + 3] = length
    at += 4 + length
  }

  /** It did not fit: msgpackr has moved it into a buffer of its own. */
  sendLarge(packed, start, end) {
    this.flush()
    const frame = Buffer.allocUnsafeSlow(4 + end - start)
    frame.writeUInt32BE(end - start)
    frame.set(packed.subarray(start, end), 4)
    this.socket.write(frame)
    takeSlab()
  }

  flush() {
    if (at === from) return
    this.socket.write(slab.subarray(from, at))
    from = at
  }
}

function decode(bytes, start, end) {
  const length = end - start
  if (length <= SHORT_FRAME) {
    bytes.copy(short, 0, start, end)
    return packr.unpack(short, length)
  }
  range.start = start
  range.end = end
  return packr.unpack(bytes, range)
}

const receive = roleOf({
  echo(connection, message) {
    messages++
    sum += weightOf(message)
    connection.send(message)
  },
  ingest(connection, message) {
    messages++
    sum += weightOf(message)
    if (++connection.received % ACK_EVERY === 0) connection.send(ACK)
  },
})

const server = createServer({ noDelay: true }, (socket) => new Connection(socket))
server.listen(0, '127.0.0.1', () => ready(server.address().port, () => ({ messages, sum })))
