/** What the four classes promise beyond the contract's families, on every transport. */
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  Channel,
  Client,
  ConnectionListener,
  encode,
  type ReceivedMessage,
  Server,
} from '../../../ts/index.js'
import { TRANSPORTS } from '../../support/transports.js'

class Echo extends Channel<EchoServer> {
  override onConnect(): void {
    for (const resolve of this.server.waiting.splice(0)) resolve(this)
  }
  Network_quit(): void {
    this.close('asked to')
  }
  Network_garble(): void {
    // A client's limit is larger than what is sent here, its maxDepth is not.
    this.send({ action: 'deep', value: [[[[]]]] })
  }
  override networkReceived(data: ReceivedMessage): void {
    this.send(data)
  }
}

class EchoServer extends Server<Echo> {
  override channelClass = Echo
  readonly waiting: ((channel: Echo) => void)[] = []

  get port(): number {
    return this.address?.port ?? 0
  }
  joined(): Promise<Echo> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }
}

describe.each(TRANSPORTS)('on %s', (transport) => {
  let server: EchoServer

  beforeEach(async () => {
    server = new EchoServer({ port: 0, transport })
    await server.start()
  })
  afterEach(async () => {
    await server.stop()
  })

  async function client(options: object = {}): Promise<Client> {
    const made = new Client({ transport, ...options })
    await made.connect('127.0.0.1', server.port)
    return made
  }

  describe('a Client', () => {
    test('is read with for await, up to a normal end', async () => {
      await using it = await client()
      for (let n = 0; n < 100; n++) it.send({ action: 'n', n })
      it.send({ action: 'quit' })
      const got: unknown[] = []
      for await (const { n } of it) got.push(n)
      expect(got).toEqual(Array.from({ length: 100 }, (_, n) => n))
      expect(it.closeReason?.code).toBe('PEER_CLOSED')
      expect([it.isConnected, it.send({ action: 'x' }), it.read()]).toEqual([false, 0, undefined])
    })

    test('that is read with for await throws the fault that ended it', async () => {
      await using it = await client({ maxDepth: 3 })
      it.send({ action: 'first' })
      it.send({ action: 'garble' })
      const got: string[] = []
      const reading = (async () => {
        for await (const { action } of it) got.push(action)
      })()
      await expect(reading).rejects.toMatchObject({
        code: 'REPOD_ERR_DECODE_ERROR',
        detail: 'depth',
      })
      expect(got).toEqual(['first'])
    })

    test('that is closed ends its for await, though it sleeps', async () => {
      const it = await client()
      const reading = (async () => {
        for await (const _ of it) throw new Error('nobody sends anything')
      })()
      await it.close()
      await reading
      expect(it.closeReason).toEqual({ code: 'CLOSED', message: 'closed by this side' })
    })

    test('is read one by one, in a loop that returns to the event loop', async () => {
      await using it = await client()
      for (let n = 0; n < 50; n++) it.send({ action: 'n', n })
      const got: unknown[] = []
      while (got.length < 50) {
        const message = it.read()
        if (message === undefined) await new Promise((resolve) => setImmediate(resolve))
        else got.push(message['n'])
      }
      expect(got).toEqual(Array.from({ length: 50 }, (_, n) => n))
    })

    test('drains without being read', async () => {
      const drained = withResolvers()
      class Draining extends Client {
        override onDrain(): void {
          drained.resolve()
        }
      }
      await using it = new Draining({ transport, maxBufferedOut: 2 ** 23 })
      await it.connect('127.0.0.1', server.port)
      while (it.isWritable) it.send({ action: 'x', text: 'y'.repeat(1_000) })
      await drained.promise
      expect(it.isWritable).toBe(true)
    })

    test('connects again after its end, ten times over', async () => {
      const it = new Client({ transport })
      for (let round = 0; round < 10; round++) {
        await it.connect('127.0.0.1', server.port)
        it.send({ action: 'round', round })
        for await (const message of it) {
          expect(message).toEqual({ action: 'round', round })
          break
        }
        await it.close()
      }
    })

    test('refuses a second connect() while there is a connection, and harms it not', async () => {
      await using it = await client()
      await expect(it.connect('127.0.0.1', server.port)).rejects.toMatchObject({
        code: 'REPOD_ERR_INVALID_STATE',
      })
      expect(it.isConnected).toBe(true)
    })

    test('sends what it was given before the greeting, first and in order', async () => {
      await using it = new Client({ transport })
      const connected = it.connect('127.0.0.1', server.port)
      const bytes = [1, 2, 3].map((n) => it.send({ action: 'n', n, map: new Map([[7, 'seven']]) }))
      expect(bytes).toEqual([1, 2, 3].map((n) => encodedLength(n)))
      expect(it.bufferedBytes).toBe(3 * encodedLength(1))
      await connected
      it.send({ action: 'n', n: 4 })
      const got: unknown[] = []
      for await (const { n } of it) if (got.push(n) === 4) break
      expect(got).toEqual([1, 2, 3, 4])
    })

    test('says what was never sent where the server does not greet', async () => {
      const mute = net.createServer().listen(0, '127.0.0.1')
      await once(mute, 'listening')
      const it = new Client({ transport, connectTimeout: 50 })
      const connected = it.connect('127.0.0.1', (mute.address() as AddressInfo).port)
      const bytes = it.send({ action: 'n', n: 1 })
      await expect(connected).rejects.toMatchObject({
        code: 'REPOD_ERR_CONNECT_TIMEOUT',
        unsent: { messages: 1, bytes },
      })
      await it.close()
      mute.close()
    })

    test('close() without a connection settles, twice as well', async () => {
      const it = new Client({ transport })
      await it.close()
      const other = await client()
      await Promise.all([other.close(), other.close()])
    })
  })

  describe('a ConnectionListener', () => {
    test('connects anew inside Network_disconnected', async () => {
      const twice = withResolvers()
      let connections = 0
      class Stubborn extends ConnectionListener {
        Network_connected(): void {
          if (++connections === 2) twice.resolve()
          else this.send({ action: 'quit' })
        }
        Network_disconnected(): void {
          if (connections === 1) void this.connect('127.0.0.1', server.port)
        }
      }
      const it = new Stubborn({ transport, dispatch: 'auto' })
      await it.connect('127.0.0.1', server.port)
      await twice.promise
      await it.close()
    })

    test('whose connect() fails unheard ends nothing where it has Network_error', async () => {
      const told = withResolvers()
      class Careless extends ConnectionListener {
        Network_error(): void {
          told.resolve()
        }
      }
      const port = server.port
      await server.stop()
      void new Careless({ transport, dispatch: 'auto' }).connect('127.0.0.1', port)
      await told.promise
    })

    test('refuses read() of its client, whose messages go to its methods', () => {
      const it = new ConnectionListener({ transport })
      expect(() => it.connection.read()).toThrow(
        expect.objectContaining({ code: 'REPOD_ERR_INVALID_STATE' }),
      )
    })
  })

  describe('a Server', () => {
    test('run() starts it and settles when it has stopped; await using stops it', async () => {
      await using other = new EchoServer({ port: 0, transport })
      const ran = other.run()
      while (other.address === undefined) await new Promise((resolve) => setImmediate(resolve))
      await other.stop()
      await ran
      expect(other.address).toBeUndefined()
    })

    test('run() stops at an abort, start() rejects at one', async () => {
      const controller = new AbortController()
      const other = new EchoServer({ port: 0, transport })
      await other.start()
      const ran = other.run({ signal: controller.signal })
      controller.abort()
      await ran
      const cause = new Error('enough')
      await expect(other.start({ signal: AbortSignal.abort(cause) })).rejects.toMatchObject({
        code: 'REPOD_ERR_ABORTED',
        cause,
      })
      await other.start()
      await other.stop()
    })

    test('launch() stops at SIGTERM and leaves no listener for signals', async () => {
      const before = process.listenerCount('SIGTERM')
      const other = new EchoServer({ port: 0, transport })
      const launched = other.launch()
      while (other.address === undefined) await new Promise((resolve) => setImmediate(resolve))
      expect(process.listenerCount('SIGTERM')).toBe(before + 1)
      process.emit('SIGTERM', 'SIGTERM')
      await launched
      expect(process.listenerCount('SIGTERM')).toBe(before)
      expect(process.listenerCount('SIGINT')).toBe(process.listenerCount('SIGTERM'))
    })

    test('launch() ends the process at the second signal', async () => {
      const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
      const other = new EchoServer({ port: 0, transport })
      const launched = other.launch()
      while (other.address === undefined) await new Promise((resolve) => setImmediate(resolve))
      process.emit('SIGINT', 'SIGINT')
      process.emit('SIGINT', 'SIGINT')
      await launched
      expect(exit.mock.calls).toEqual([[130]])
      exit.mockRestore()
    })

    test('refuses a channelClass that is none, and can be started afterwards', async () => {
      const other = new EchoServer({ port: 0, transport })
      other.channelClass = class {} as never
      await expect(other.start()).rejects.toThrow('channelClass must extend Channel')
      other.channelClass = Echo
      await other.start()
      await other.stop()
    })

    test('whose subclass forgot channelClass says so once, when messages go nowhere', async () => {
      const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
      class Forgetful extends Server {}
      const other = new Forgetful({ port: 0, transport })
      const { port } = await other.start()
      const it = new Client({ transport })
      await it.connect('127.0.0.1', port)
      for (let n = 0; n < 3; n++) it.send({ action: 'lost' })
      await it.close()
      await other.stop()
      expect(warned.mock.calls.map(([message]) => message)).toEqual([
        'Forgetful leaves channelClass at Channel, and messages arrive that nobody handles',
      ])
      warned.mockRestore()
    })

    test('counts what it does, under the same names on every transport', async () => {
      await using it = await client()
      it.send({ action: 'n' })
      for await (const _ of it) break
      const stats = server.stats()
      expect(stats).toMatchObject({
        connectionsOpened: 1,
        connectionsOpen: 1,
        refusedBy: { maxConnections: 0, maxConnectionsPerIp: 0 },
        closedBy: {},
        messagesIn: 1,
        bytesIn: 14,
        messagesOut: 1,
        bytesOut: 14,
        dropped: 0,
        handlerErrors: 0,
        logLinesLeftOut: 0,
        inboundBytes: 0,
      })
      expect(Object.keys(stats).slice(11)).toEqual([
        ...['inboundBytes', 'bufferedBytes'],
        ...['takes', 'flushes', 'wakeUps', 'tapeMessages', 'byteMessages', 'tapeShare'],
        ...['frames', 'records', 'engineTurns'],
      ])
    })

    test('refuses channels of another server, and a Channel that nobody made', async () => {
      const joining = server.joined()
      await using it = await client()
      const channel = await joining
      const other = new EchoServer({ port: 0, transport })
      expect(() => other.sendTo([channel], { action: 'x' })).toThrow('belongs to another server')
      expect(() => new Echo({ server, address: channel.addr })).toThrow(TypeError)
      expect(server.sendTo([channel, channel], { action: 'x' })).toBe(1)
      expect(it.isConnected).toBe(true)
    })
  })
})

function encodedLength(n: number): number {
  return encode({ action: 'n', n, map: new Map([[7, 'seven']]) }).length
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
