/** Dense indices come back with each connection: what is sent to a dead one reaches nobody. */
import { expect, it } from 'vitest'
import { Channel, encode, Server } from '../../ts/index.js'
import type { TransportKind } from '../../ts/transport/transport.js'
import { connect, until } from './support.js'

const CYCLES = 100_000
const PARALLEL = 64

class ChurnChannel extends Channel<ChurnServer> {
  override onConnect(): void {
    // The last dead ones try to reach whoever has their place now.
    for (const dead of this.server.dead) this.server.ghosts += dead.send({ action: 'ghost' })
    this.send({ action: 'yours', id: this.id })
  }
}
class ChurnServer extends Server<ChurnChannel> {
  override channelClass = ChurnChannel
  ghosts = 0
  connects = 0
  disconnects = 0
  readonly dead: ChurnChannel[] = []
  override onConnect(): void {
    this.connects++
  }
  override onDisconnect(channel: ChurnChannel): void {
    this.disconnects++
    this.dead.push(channel)
    if (this.dead.length > 8) this.dead.shift()
  }
}

for (const transport of ['native', 'pure'] as const satisfies readonly TransportKind[]) {
  it(`${CYCLES} connections on ${transport} get their own messages alone`, {
    timeout: 300_000,
  }, async () => {
    const server = new ChurnServer({ port: 0, transport })
    const { port } = await server.start()
    const greeting = encode({ action: 'connected' })
    let left = CYCLES
    const cycle = async (): Promise<void> => {
      while (left-- > 0) {
        const socket = await connect(port)
        const got = await new Promise<Buffer>((resolve, reject) => {
          let all = Buffer.alloc(0)
          socket.on('error', reject)
          socket.on('data', (chunk: Buffer) => {
            all = Buffer.concat([all, chunk])
            const head = greeting.length + 4
            if (all.length >= head && all.length >= head + all.readUInt32BE(greeting.length)) {
              resolve(all)
            }
          })
        })
        if (!got.subarray(0, greeting.length).equals(greeting)) throw new Error('no greeting first')
        if (got.includes('ghost')) throw new Error('a message of a dead channel arrived')
        socket.resetAndDestroy()
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, cycle))
    await until('all disconnects', () => server.disconnects === CYCLES)
    expect(server.connects).toBe(CYCLES)
    expect(server.ghosts).toBe(0)
    expect(server.channels.size).toBe(0)
    await server.stop()
  })
}
