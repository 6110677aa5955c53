/** Against the real Python repod, as a black box: each side once as server and once as client. */
import { isDeepStrictEqual } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import {
  Channel,
  type CloseReason,
  ConnectionListener,
  type Message,
  type ReceivedMessage,
  Server,
} from '../../ts/index.js'
import { PythonPeer } from '../support/python.js'
import { TRANSPORTS } from '../support/transports.js'
import { mixedValues, SPECIALS } from './values.js'

const FULL = process.env['REPOD_FULL'] === '1'
const COUNT = FULL ? 100_000 : 2_000
const TIMEOUT = FULL ? 900_000 : 30_000
const SEED = 20_260
/** Messages under way: enough to batch, below every limit of either side. */
const WINDOW = 200

const ECHO_SERVER = new URL('./peers/echo_server.py', import.meta.url)
const ECHO_CLIENT = new URL('./peers/echo_client.py', import.meta.url)

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

function python(script: URL, ...args: number[]): PythonPeer {
  const peer = new PythonPeer(script, ...args)
  cleanUps.push(() => peer[Symbol.dispose]())
  return peer
}

describe.each(TRANSPORTS)('on %s', (transport) => {
  test(`a Python client gets ${COUNT} mixed values back from our server, equal and in order`, {
    timeout: TIMEOUT,
  }, async () => {
    const server = new EchoServer({ port: 0, transport })
    cleanUps.push(() => server.stop())
    const { port } = await server.start()
    expect(server.transport).toBe(transport)

    const client = python(ECHO_CLIENT, port, COUNT, SEED)
    expect(await client.next('done')).toEqual({
      event: 'done',
      sent: COUNT,
      received: COUNT,
      equal: COUNT,
      connected: true,
      disconnected: false,
      difference: null,
    })
    await client.exit()
    await server.left
    expect(server.log).toEqual(['connected', 'disconnected PEER_CLOSED'])
  })

  test(`a Python server sends ${COUNT} mixed values back to our client, equal and in order`, {
    timeout: TIMEOUT,
  }, async () => {
    const { peer, port } = await pythonServer()
    const client = new EchoClient(values(), { transport, dispatch: 'auto' })
    cleanUps.push(() => client.close())
    await client.connect('127.0.0.1', port)
    await client.finished
    expect(client.difference).toBeUndefined()
    expect(client.received).toBe(COUNT)

    await client.close()
    await peer.next('connected')
    await peer.next('disconnected')
    expect(client.log).toEqual(['socketConnect', 'connected', 'disconnected CLOSED'])
    await peer.interrupt()
  })

  test('what JavaScript alone can say reaches Python as documented', async () => {
    const { port } = await pythonServer()
    const client = new EchoClient(
      SPECIALS.map(([sent]) => sent),
      { transport, dispatch: 'auto' },
      SPECIALS.map(([, back]) => back),
    )
    cleanUps.push(() => client.close())
    await client.connect('127.0.0.1', port)
    await client.finished
    expect(client.difference).toBeUndefined()
  })

  test('a pumped client sees a Python server end, with all it had sent before', async () => {
    const { peer, port } = await pythonServer()
    const client = new EchoClient(values().slice(0, 50), { transport })
    cleanUps.push(() => client.close())
    await client.connect('127.0.0.1', port)
    expect(client.log).toEqual([])
    await pumpUntil(client, () => client.received === 50)
    expect(client.difference).toBeUndefined()

    await peer.interrupt()
    await pumpUntil(client, () => client.log.length === 3)
    expect(client.log).toEqual(['socketConnect', 'connected', 'disconnected PEER_CLOSED'])
  })
})

let made: unknown[] | undefined
/** The same for every transport; making them takes longer than sending them. */
function values(): unknown[] {
  made ??= mixedValues(COUNT, SEED)
  return made
}

async function pythonServer(): Promise<{ peer: PythonPeer; port: number }> {
  const peer = python(ECHO_SERVER)
  const { port } = await peer.next('ready')
  return { peer, port: port as number }
}

/** One look per turn of the event loop, as a game has one per frame. */
async function pumpUntil(client: ConnectionListener, done: () => boolean): Promise<void> {
  while (!done()) {
    client.pump()
    await new Promise((next) => setImmediate(next))
  }
}

class EchoChannel extends Channel<EchoServer> {
  Network_echo(data: Message): void {
    this.send(data)
  }
}

class EchoServer extends Server<EchoChannel> {
  override channelClass = EchoChannel
  readonly log: string[] = []
  #leave!: () => void
  readonly left: Promise<void> = new Promise((resolve) => {
    this.#leave = resolve
  })

  override onConnect(): void {
    this.log.push('connected')
  }

  override onDisconnect(_channel: EchoChannel, reason: CloseReason): void {
    this.log.push(`disconnected ${reason.code}`)
    this.#leave()
  }
}

class EchoClient extends ConnectionListener {
  readonly log: string[] = []
  received = 0
  difference: string | undefined
  readonly finished: Promise<void>
  readonly #values: readonly unknown[]
  readonly #wanted: readonly unknown[]
  #finish!: () => void
  #sent = 0

  constructor(
    values: readonly unknown[],
    options: ConstructorParameters<typeof ConnectionListener>[0],
    wanted: readonly unknown[] = values,
  ) {
    super(options)
    this.#values = values
    this.#wanted = wanted
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  Network_socketConnect(): void {
    this.log.push('socketConnect')
  }

  Network_connected(): void {
    this.log.push('connected')
    this.#fill()
  }

  Network_echo(data: ReceivedMessage): void {
    const wanted = { action: 'echo', n: this.received, value: this.#wanted[this.received] }
    if (!isDeepStrictEqual({ ...data }, wanted)) {
      this.difference ??= `number ${this.received}: wanted ${show(wanted)}, got ${show(data)}`
    }
    this.received++
    this.#fill()
  }

  Network_disconnected({ reason }: { reason: CloseReason }): void {
    this.log.push(`disconnected ${reason.code}`)
    this.#finish()
  }

  #fill(): void {
    while (this.#sent < this.#values.length && this.#sent - this.received < WINDOW) {
      this.send({ action: 'echo', n: this.#sent, value: this.#values[this.#sent] })
      this.#sent++
    }
    if (this.received === this.#values.length) this.#finish()
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? `${each}n` : each))
}
