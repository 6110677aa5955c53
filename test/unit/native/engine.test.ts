/** The transport on the real engine, through the seam and nothing above it. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { Address } from '../../../ts/address.js'
import type { Message, ReceivedMessage } from '../../../ts/message.js'
import {
  type EndpointOptions,
  parseServerOptions,
  type ServerOptions,
} from '../../../ts/options.js'
import { nativeTransport } from '../../../ts/transport/native.js'
import type {
  Connection,
  Endpoint,
  EndpointEvents,
  Transport,
} from '../../../ts/transport/transport.js'
import { TRANSPORTS } from '../../support/transports.js'

const isBuilt = TRANSPORTS.includes('native')

/** An endpoint that notes what it is told, and whom one can wait for. */
class Side implements EndpointEvents {
  readonly transport: Transport = nativeTransport()
  readonly options: EndpointOptions
  readonly endpoint: Endpoint
  readonly messages: ReceivedMessage[] = []
  readonly events: string[] = []
  address: Address | undefined
  connection: Connection = -1
  onMessage: (message: ReceivedMessage) => void = () => undefined
  #waiting: { condition: () => boolean; resolve: () => void }[] = []

  constructor(options: ServerOptions = {}) {
    this.options = parseServerOptions(options)
    this.endpoint = this.transport.endpoint(this, this.options)
    sides.push(this)
  }

  opened(connection: Connection, address: Address): void {
    this.connection = connection
    this.address = address
    this.#note('opened')
  }
  message(_connection: Connection, _action: string, message: ReceivedMessage): void {
    this.messages.push(message)
    this.onMessage(message)
    this.#note('message')
  }
  fault(): void {
    this.#note('fault')
  }
  drained(): void {
    this.#note('drained')
  }
  closed(connection: Connection, code: string): void {
    this.transport.release(connection)
    this.#note(code)
  }

  send(message: Message): number {
    const bytes = this.transport.write(message, this.options)
    this.transport.post(this.connection)
    return bytes
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push({ condition, resolve })
    })
  }

  #note(event: string): void {
    this.events.push(event)
    for (const { condition, resolve } of this.#waiting) if (condition()) resolve()
    this.#waiting = this.#waiting.filter(({ condition }) => !condition())
  }
}

const sides: Side[] = []
afterEach(async () => {
  for (const { transport, connection } of sides) {
    if (connection >= 0) transport.close(connection, 1_000)
  }
  await Promise.all(sides.splice(0).map((side) => side.endpoint.stop()))
  expect(threads()).not.toContain('repod-engine')
})

function threads(): string[] {
  return readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim(),
  )
}

/** A server's and a client's side that are connected. */
async function pair(options: ServerOptions = {}, host = '127.0.0.1'): Promise<[Side, Side]> {
  const server = new Side(options)
  const { port } = await server.endpoint.listen(host, 0)
  const client = new Side(options)
  await client.endpoint.dial(host, port)
  expect(client.events).toEqual(['opened'])
  expect(client.address?.port).toBe(port)
  await server.until(() => server.connection >= 0)
  return [server, client]
}

const state = (tick: number): Message => ({
  action: 'state',
  tick,
  players: Array.from({ length: tick % 5 }, (_, id) => ({
    id,
    x: tick / 3,
    name: `player ${id} of ${tick}`,
    alive: id % 2 === 0,
  })),
})

describe.runIf(isBuilt)('an echo', () => {
  async function echo(options: ServerOptions, messages: Message[]): Promise<void> {
    const [server, client] = await pair(options)
    expect(threads()).toContain('repod-engine')
    server.onMessage = (message) => server.send(message)
    let sent = 0
    for (const message of messages) sent = (sent + client.send(message)) % 2 ** 32
    await client.until(() => client.messages.length === messages.length)
    expect(server.messages).toStrictEqual(messages)
    expect(client.messages).toStrictEqual(messages)
    expect(client.transport.flushedBytes(client.connection)).toBe(sent)
  }

  it('brings regular messages by the tape, equal and in order', async () => {
    const { counters } = nativeTransport()
    const before = { ...counters }
    await echo(
      {},
      Array.from({ length: 2_000 }, (_, i) => state(i)),
    )
    expect(counters.tapeMessages - before.tapeMessages).toBeGreaterThan(3_800)
    expect(counters.engineTurns).toBeGreaterThan(before.engineTurns)
  })

  it('brings all by bytes where no code may be generated', async () => {
    const { counters } = nativeTransport()
    const before = { ...counters }
    await echo(
      { codegen: false },
      Array.from({ length: 500 }, (_, i) => state(i)),
    )
    expect(counters.tapeMessages).toBe(before.tapeMessages)
    expect(counters.byteMessages - before.byteMessages).toBe(1_000)
  })

  it('brings what is larger than the ring, between what is small', async () => {
    const large = (i: number): Message => ({
      action: 'map',
      i,
      rows: Array.from({ length: 2_000 }, (_, row) => `row ${row} of ${i}`),
    })
    const messages = Array.from({ length: 60 }, (_, i) => (i % 10 === 3 ? large(i) : state(i)))
    await echo({ ringBytes: 4_096, chunkBytes: 4_096, heldBytes: 1 }, messages)
  })
})

describe.runIf(isBuilt)('endpoints', () => {
  it('give addresses of IPv6, and IPv4 inside it as IPv4', async () => {
    const [server, client] = await pair({}, '::1')
    expect(server.address).toMatchObject({ host: '::1', family: 'IPv6' })
    expect(client.address).toMatchObject({ host: '::1', family: 'IPv6' })
    const both = new Side()
    const { port } = await both.endpoint.listen('::', 0)
    const old = new Side()
    await old.endpoint.dial('127.0.0.1', port)
    await both.until(() => both.connection >= 0)
    expect(both.address).toMatchObject({ host: '127.0.0.1', family: 'IPv4' })
  })

  it('reject with the errno of the system, and are usable after it', async () => {
    const server = new Side()
    const { port } = await server.endpoint.listen('127.0.0.1', 0)
    const other = new Side()
    await expect(other.endpoint.listen('127.0.0.1', port)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    })
    await server.endpoint.stop()
    await expect(other.endpoint.dial('127.0.0.1', port)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
    })
    await expect(other.endpoint.listen('127.0.0.1', port)).resolves.toMatchObject({ port })
  })

  it('settle a stop and a quiesce in any state', async () => {
    const idle = new Side()
    await idle.endpoint.quiesce()
    await idle.endpoint.stop()
    await idle.endpoint.stop()
    await idle.endpoint.quiesce()
    const [server, client] = await pair()
    client.send({ action: 'last' })
    await server.until(() => server.messages.length === 1)
    await server.endpoint.quiesce()
    client.transport.close(client.connection, 1_000)
    await client.until(() => client.events.includes('CLOSED'))
  })
})
