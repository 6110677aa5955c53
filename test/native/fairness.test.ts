/** In which order the engine passes on what 200 connections have ready: the turns of each, counted. */
import type net from 'node:net'
import { expect, it } from 'vitest'
import { Channel, encode, type ReceivedMessage, Server } from '../../ts/index.js'
import { ENGINE } from '../../ts/options.js'
import { connect, until } from './support.js'

const CONNECTIONS = 200
const RING_BYTES = 65_536
/** Messages that fit into the ring: a record of one is over 128 bytes. */
const FIRST_RING = RING_BYTES / 128
const MESSAGES = 300
/**
 * A connection may have an eighth of the ring, so eight turns fill it; each may be cut in two where the
 * ring is full.
 */
const RING_TURNS = 16

class TurnServer extends Server<TurnChannel> {
  override channelClass = TurnChannel
  /** The number of the connection of each message, in the order in which they were dispatched. */
  readonly order: number[] = []
}
class TurnChannel extends Channel<TurnServer> {
  Network_up(data: ReceivedMessage): void {
    this.server.order.push(data['from'] as number)
  }
}

/** Messages of one connection in a row are one turn of it. */
function turnsOf(order: readonly number[]): { from: number; messages: number }[] {
  const turns: { from: number; messages: number }[] = []
  for (const from of order) {
    const turn = turns.at(-1)
    if (turn?.from === from) turn.messages++
    else turns.push({ from, messages: 1 })
  }
  return turns
}

it('gives each of 200 flooding connections its turn before any has another', {
  timeout: 60_000,
}, async () => {
  const server = new TurnServer({ port: 0, transport: 'native', ringBytes: RING_BYTES })
  const { port } = await server.start()
  const sockets: net.Socket[] = []
  try {
    for (let i = 0; i < CONNECTIONS; i++) sockets.push((await connect(port)).resume())
    await until('all channels', () => server.channels.size === CONNECTIONS)
    // In one turn of JavaScript: the engine fills its ring and waits, the rest is in the kernel, less
    // than one read of it for each connection.
    for (const [from, socket] of sockets.entries()) {
      const frame = encode({ action: 'up', from, pad: 'x'.repeat(100) })
      socket.write(Buffer.concat(Array.from({ length: MESSAGES }, () => frame)))
    }
    await until('all messages', () => server.order.length === CONNECTIONS * MESSAGES)
    const turns = turnsOf(server.order)
    const left = new Array<number>(CONNECTIONS).fill(MESSAGES)
    const last = new Map<number, number>()
    let wait = 0
    let longest = 0
    let read = 0
    for (const [at, { from, messages }] of turns.entries()) {
      wait = Math.max(wait, at - (last.get(from) ?? 0))
      last.set(from, at)
      // Where nobody else has something ready, turns of one connection follow each other: in what the
      // ring held while the sockets were written to, and once somebody is done.
      if (read > FIRST_RING && left.every((each) => each > 0)) longest = Math.max(longest, messages)
      read += messages
      left[from] = (left[from] as number) - messages
    }
    console.log(`fairness: ${turns.length} turns, ${wait} between two of one, ${longest} messages`)
    expect(left.every((each) => each === 0)).toBe(true)
    // Everybody else once. Whose share JS has not read yet may fall behind by what the ring holds.
    expect(wait).toBeLessThanOrEqual(CONNECTIONS + RING_TURNS)
    expect(longest).toBeGreaterThan(0)
    expect(longest).toBeLessThanOrEqual(ENGINE.messagesPerPass)
  } finally {
    for (const socket of sockets) socket.destroy()
    await server.stop()
  }
})
