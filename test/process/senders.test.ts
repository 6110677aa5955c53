/** Workers that post far more than a slow reader takes: all of it arrives, and the memory comes back. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { readMessage } from '../../ts/index.js'
import { TRANSPORTS } from '../support/transports.js'
import { talkTo } from './support.js'

const WORKERS = 4
/** Together more than the kernel takes for a peer that does not read: up to 36 MiB. */
const BYTES = 2 ** 26
const COUNT = process.env['REPOD_FULL'] === '1' ? 250_000 : 20_000

interface Over {
  readonly most: number
  readonly rss: number
}

for (const transport of TRANSPORTS) {
  it(`four workers post ${COUNT} messages each to a slow reader, on ${transport}`, {
    timeout: 300_000,
  }, async () => {
    // One arena: with one for each thread, what the system is given back is a matter of luck.
    const setting = { flags: ['--expose-gc'], env: { MALLOC_ARENA_MAX: '1' } }
    const program = talkTo(
      setting,
      'senders',
      transport,
      COUNT,
      Math.floor(BYTES / WORKERS / COUNT),
    )
    const { port } = await program.hear<{ port: number }>()
    const rounds: Over[] = []
    for (let round = 0; round < 4; round++) {
      const socket = connect(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      // Nothing is read before all is posted: it waits in the kernel, the output and the ports.
      expect(await program.hear()).toEqual({ is: 'posted' })
      await read(socket)
      rounds.push(await program.ask<Over>())
    }
    for (const { most } of rounds) {
      // `writeHighWater` and the frame that crossed it, far below `maxBufferedOut`.
      expect(most).toBeGreaterThanOrEqual(65_536)
      expect(most).toBeLessThan(65_536 + 1_000)
    }
    // A round's own figure swings by what the allocator happens to keep of four workers' heaps; what
    // was not given back would be in both of the later ones.
    const [first = 0, second = 0, third = 0, fourth = 0] = rounds.map(({ rss }) => rss)
    const growth = Math.min(third, fourth) - Math.max(first, second)
    expect(growth).toBeLessThan(8 * 2 ** 20)
    expect(await program.end()).toBe(0)
  })
}

/** Reads until everything has come, in order per worker; a little per turn. */
async function read(socket: Socket): Promise<void> {
  const next = new Uint32Array(WORKERS)
  let rest: Uint8Array = new Uint8Array(0)
  let left = WORKERS * COUNT
  while (left > 0) {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) {
      await once(socket, 'readable')
      continue
    }
    rest = Buffer.concat([rest, chunk])
    for (let one = readMessage(rest); one !== undefined; one = readMessage(rest)) {
      rest = rest.subarray(one.consumed)
      const { action, from, n } = one.message
      if (action === 'connected') continue
      if (typeof n !== 'number' || next[from as number] !== n)
        throw new Error(`of worker ${from} came ${n}`)
      next[from as number] = n + 1
      left--
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.resume()
  socket.once('end', () => socket.end())
}
