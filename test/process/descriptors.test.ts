/** C3: a server that has no descriptors left waits for one, and does not burn a core meanwhile. */
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encode } from '../../ts/index.js'
import { Signal } from '../parity/peer.js'
import { TRANSPORTS } from '../support/transports.js'
import { talkTo } from './support.js'

interface Done {
  readonly open: number
  /** ms of a core. */
  readonly cpu: number
  readonly wakeUps: number
  readonly engineTurns: number
}

interface Guest {
  readonly socket: Socket
  fate: 'greeted' | 'gone' | undefined
  bytes: number
}

const CONNECTS = 400
/** The measurement itself, in ms: what happens in it is counted. */
const WINDOW = 2_000

describe.each(TRANSPORTS)('C3 256 descriptors and 400 connects, on %s', (transport) => {
  it('it waits without spinning, serves whom it has, and listens again after closes', {
    timeout: 60_000,
  }, async () => {
    const program = talkTo({ descriptors: 256 }, 'descriptors', transport)
    const { port } = await program.hear<{ port: number }>()
    const signal = new Signal()
    const guests: Guest[] = []
    const join = (): Guest => {
      const guest: Guest = { socket: connect(port, '127.0.0.1'), fate: undefined, bytes: 0 }
      guest.socket.on('data', (chunk: Buffer) => {
        guest.fate ??= 'greeted'
        guest.bytes += chunk.length
        signal.notify()
      })
      guest.socket.on('error', () => signal.notify())
      guest.socket.on('close', () => {
        guest.fate = 'gone'
        signal.notify()
      })
      onTestFinished(() => void guest.socket.destroy())
      return guest
    }
    for (let n = 0; n < CONNECTS; n++) guests.push(join())
    const greeted = (): Guest[] => guests.filter(({ fate }) => fate === 'greeted')
    // Of 256 the process itself has a few dozen.
    await signal.until('a full house', () => greeted().length > 150)
    let open = 0
    for (let done = await program.ask<Done>(); done.open > open; await wait(50)) {
      open = done.open
      done = await program.ask<Done>()
    }
    expect(open).toBeGreaterThan(150)
    expect(open).toBeLessThan(256)

    await wait(WINDOW)
    const full = await program.ask<Done>()
    expect(full.open).toBe(open)
    expect(full.cpu).toBeLessThan(0.2 * WINDOW)
    // It looks again after 10 ms, doubled up to a second; a loop that spins has 100,000 turns.
    expect(full.wakeUps).toBeLessThan(100)
    expect(full.engineTurns).toBeLessThan(1_000)

    // Whoever is in is served.
    const [first, ...others] = greeted()
    if (first === undefined) throw new Error('nobody was let in')
    const frame = encode({ action: 'x' })
    const before = first.bytes
    first.socket.write(frame)
    await signal.until('the echo', () => first.bytes === before + frame.length)

    // 100 leave. The engine leaves those it has no descriptor for in the backlog, and now takes as
    // many of them; libuv accepted them to turn them away, so that it is newcomers who get in.
    const since = performance.now()
    const gone = others.slice(0, 100)
    for (const { socket } of gone) socket.destroy()
    await signal.until('the ends', () => gone.every(({ fate }) => fate === 'gone'))
    const left = greeted().length
    if (transport === 'pure') {
      while ((await program.ask<Done>()).open > open - 100);
      for (let n = 0; n < 100; n++) guests.push(join())
    }
    await signal.until('as many others', () => greeted().length === left + 100)
    expect(performance.now() - since).toBeLessThan(2_000)
    expect(await program.end()).toBe(0)
  })
})
