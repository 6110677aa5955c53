/** What the engine takes off the game's thread, held by counters: no clock decides here. */
import type net from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { Channel, encode, type ReceivedMessage, Server } from '../../ts/index.js'
import { selectTransport } from '../../ts/transport/select.js'
import { connect, until } from './support.js'

class CountingChannel extends Channel<CountingServer> {
  Network_input(_data: ReceivedMessage): void {
    this.server.inputs++
  }
}
class CountingServer extends Server<CountingChannel> {
  override channelClass = CountingChannel
  inputs = 0
}

let server: CountingServer
const sockets: net.Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.stop()
})

it('takes a million inputs by the tape, at least 200 with each take that found work', {
  timeout: 120_000,
}, async () => {
  server = new CountingServer({ port: 0, transport: 'native' })
  const { port } = await server.start()
  const { counters } = selectTransport('native').transport
  const S = encode({
    action: 'input',
    seq: 3_000_000_123,
    dx: Math.SQRT1_2,
    dy: -0.4142135623730951,
    buttons: 5,
  })
  const block = Buffer.concat(Array.from({ length: 1_000 }, () => S))
  const total = 1_000_000
  for (let i = 0; i < 4; i++) sockets.push(await connect(port))
  await until('four channels', () => server.channels.size === 4)
  const before = {
    takes: counters.takes,
    tape: counters.tapeMessages,
    bytes: counters.byteMessages,
  }
  for (const socket of sockets) {
    for (let i = 0; i < total / 4 / 1_000; i++) socket.write(block)
  }
  await until('all inputs', () => server.inputs === total, 100_000)
  const takes = counters.takes - before.takes
  const tape = counters.tapeMessages - before.tape
  console.log(`ingest: ${total} messages in ${takes} takes, ${tape} by the tape`)
  expect(takes).toBeLessThanOrEqual(total / 200)
  expect(tape).toBeGreaterThanOrEqual(total * 0.999)
})

it('sends to a thousand clients with one record, one frame and one flush', {
  timeout: 60_000,
}, async () => {
  server = new CountingServer({ port: 0, transport: 'native' })
  const { port } = await server.start()
  const { counters } = selectTransport('native').transport
  const greeting = encode({ action: 'connected' }).length
  const frame = encode({ action: 'said', from: 'Ada', text: 'hello' })
  let received = 0
  for (let i = 0; i < 1_000; i++) {
    const socket = await connect(port)
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    sockets.push(socket)
  }
  await until('all greetings', () => received === 1_000 * greeting)
  const before = { ...counters }
  expect(server.sendToAll({ action: 'said', from: 'Ada', text: 'hello' })).toBe(1_000)
  await until('all frames', () => received === 1_000 * (greeting + frame.length))
  expect(counters.records - before.records).toBe(1)
  expect(counters.frames - before.frames).toBe(1)
  expect(counters.flushes - before.flushes).toBe(1)
})
