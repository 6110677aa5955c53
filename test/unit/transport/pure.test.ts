/** What the pure transport promises beyond the contract, because its sockets are Node's own. */
import { expect, onTestFinished, test } from 'vitest'
import { parseServerOptions, type ServerOptions } from '../../../ts/options.js'
import { pureTransport } from '../../../ts/transport/pure.js'
import type { Connection, EndpointEvents, Transport } from '../../../ts/transport/transport.js'
import { hex, Peer, Signal, turn, X } from '../../contract/support.js'

class Scene implements EndpointEvents {
  readonly signal = new Signal()
  readonly events: string[] = []
  readonly transport: Transport
  connection: Connection = -1
  onMessage: (() => void) | undefined

  constructor(transport: Transport) {
    this.transport = transport
  }

  static async open(options: ServerOptions = {}, now?: () => number): Promise<[Scene, Peer]> {
    const scene = new Scene(pureTransport(now))
    const endpoint = scene.transport.endpoint(scene, parseServerOptions(options))
    const { port } = await endpoint.listen('127.0.0.1', 0)
    const peer = await Peer.connect(port)
    onTestFinished(async () => {
      peer.destroy()
      scene.transport.close(scene.connection, 0)
      scene.transport.release(scene.connection)
      await endpoint.stop()
    })
    await scene.signal.until('opened', () => scene.events.length > 0)
    return [scene, peer]
  }

  opened(connection: Connection): void {
    this.connection = connection
    this.#note('opened')
  }
  message(): void {
    this.#note('message')
    this.onMessage?.()
  }
  fault(): void {
    this.#note('fault')
  }
  drained(): void {
    this.#note('drained')
  }
  closed(_connection: Connection, code: string): void {
    this.#note(`closed ${code}`)
  }
  count(event: string): number {
    return this.events.filter((each) => each === event).length
  }

  #note(event: string): void {
    this.events.push(event)
    this.signal.notify()
  }
}

function many(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => X))
}

test('what was read of a paused peer before it reset is handed over, then the reset', async () => {
  const [scene, peer] = await Scene.open()
  scene.transport.pause(scene.connection)
  // Less than a stream holds before it stops reading, so that the reset is seen at once.
  for (let segment = 0; segment < 5; segment++) {
    await peer.write(many(100), [])
    await turn()
    await turn()
  }
  expect(scene.count('message')).toBe(0)
  peer.socket.resetAndDestroy()
  await scene.signal.until('closed', () => scene.events.at(-1)?.startsWith('closed') === true)
  expect(scene.count('message')).toBe(500)
  expect(scene.events.at(-1)).toBe('closed PEER_RESET')
})

test('a turn whose time is over leaves the rest to the next ones', async () => {
  let now = 0
  const [scene, peer] = await Scene.open({ dispatchTimeBudget: 2 }, () => now)
  const perTurn: number[] = []
  scene.onMessage = () => {
    now++
    perTurn[perTurn.length - 1] = (perTurn.at(-1) ?? 0) + 1
  }
  const counting = (): void => {
    perTurn.push(0)
    if (scene.count('message') < 320) setImmediate(counting)
  }
  counting()
  await peer.write(many(320), [])
  await scene.signal.until('all messages', () => scene.count('message') === 320)
  // Twice in a turn that began with what a socket brought: in its poll, and in its immediate.
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(64)
})

test('a throw of the one above is not contained, and nothing is lost by it', async () => {
  const [scene, peer] = await Scene.open()
  const thrown: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  try {
    let left = 1
    scene.onMessage = () => {
      if (left-- > 0) throw new Error('a defect')
    }
    await peer.write(many(200), [])
    await scene.signal.until('all messages', () => scene.count('message') === 200)
    expect(thrown).toEqual([new Error('a defect')])
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
})

test('a fault that nobody answers reads no more, and still ends with the peer', async () => {
  const [scene, peer] = await Scene.open()
  await peer.write(Buffer.concat([X, hex('00000000'), X]), [])
  await scene.signal.until('the fault', () => scene.count('fault') === 1)
  scene.transport.close(scene.connection, 1_000)
  peer.socket.end()
  await scene.signal.until('closed', () => scene.count('closed CLOSED') === 1)
  expect(scene.events).toEqual(['opened', 'message', 'fault', 'closed CLOSED'])
})
