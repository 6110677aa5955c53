/** The promises of ts/transport/transport.ts themselves, without what stands above it. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ReceivedMessage } from '../../ts/index.js'
import { type EndpointOptions, parseServerOptions, type ServerOptions } from '../../ts/options.js'
import { selectTransport } from '../../ts/transport/select.js'
import {
  type Connection,
  type Endpoint,
  type EndpointEvents,
  indexOf,
  type Transport,
} from '../../ts/transport/transport.js'
import { frame, hex, type Kind, messagesOf, OVERFULL, Peer, Signal, turn, X } from './support.js'

/** An endpoint that writes down what it is told. */
class Log implements EndpointEvents {
  readonly signal = new Signal()
  readonly events: string[] = []
  readonly connections: Connection[] = []
  readonly messages: ReceivedMessage[] = []
  readonly transport: Transport
  readonly endpoint: Endpoint
  readonly options: EndpointOptions
  onMessage: ((connection: Connection, message: ReceivedMessage) => void) | undefined

  constructor(kind: Kind, options: ServerOptions = {}) {
    this.options = parseServerOptions({ closeTimeout: 1_000, ...options })
    this.transport = selectTransport(kind).transport
    this.endpoint = this.transport.endpoint(this, this.options)
  }

  opened(connection: Connection): void {
    this.connections.push(connection)
    this.#note('opened')
  }
  message(connection: Connection, action: string, message: ReceivedMessage, bytes: number): void {
    this.messages.push(message)
    this.#note(`message ${action} ${bytes}`)
    this.onMessage?.(connection, message)
  }
  fault(connection: Connection, fault: { code: string; detail?: string }): void {
    this.#note(`fault ${fault.code} ${fault.detail ?? '-'}`)
    this.transport.close(connection, 1_000)
  }
  drained(): void {
    this.#note('drained')
  }
  closed(_connection: Connection, code: string): void {
    this.#note(`closed ${code}`)
  }

  send(connection: Connection, action: string, more: object = {}): number {
    const length = this.transport.write({ ...more, action }, this.options)
    this.transport.post(connection)
    return length
  }
  until(what: string, condition: () => boolean): Promise<void> {
    return this.signal.until(what, condition)
  }
  count(event: string): number {
    return this.events.filter((each) => each === event).length
  }
  get last(): Connection {
    const connection = this.connections.at(-1)
    if (connection === undefined) throw new Error('nothing was opened')
    return connection
  }

  #note(event: string): void {
    this.events.push(event)
    this.signal.notify()
  }
}

interface Scene {
  readonly log: Log
  readonly transport: Transport
  readonly port: number
  /** A peer, and the connection that it is. */
  join(): Promise<{ peer: Peer; connection: Connection }>
}

async function scene(kind: Kind, options: ServerOptions = {}): Promise<Scene> {
  const log = new Log(kind, options)
  const { port } = await log.endpoint.listen('127.0.0.1', 0)
  onTestFinished(async () => {
    for (const connection of log.connections) {
      log.transport.close(connection, 0)
      log.transport.release(connection)
    }
    await log.endpoint.quiesce()
    await log.endpoint.stop()
  })
  return {
    log,
    transport: log.transport,
    port,
    async join() {
      const before = log.connections.length
      const peer = await Peer.connect(port)
      onTestFinished(() => peer.destroy())
      await log.until('opened', () => log.connections.length > before)
      return { peer, connection: log.last }
    },
  }
}

export function seam(kind: Kind): void {
  describe('the seam', () => {
    test('tells opened, messages and closed in this order', async () => {
      const { log, join } = await scene(kind)
      const { peer } = await join()
      peer.socket.end(Buffer.concat([X, X]))
      await log.until('closed', () => log.count('closed PEER_CLOSED') === 1)
      expect(log.events).toEqual(['opened', 'message x 10', 'message x 10', 'closed PEER_CLOSED'])
    })

    test('tells one fault, and nothing of what stands behind it', async () => {
      const { log, join } = await scene(kind)
      const { peer } = await join()
      peer.socket.write(Buffer.concat([X, hex('00000001c1'), X, hex('00000000')]))
      await log.until('closed', () => log.count('closed CLOSED') === 1)
      expect(log.events).toEqual([
        'opened',
        'message x 10',
        'fault DECODE_ERROR reserved',
        'closed CLOSED',
      ])
    })

    test('flushedBytes begins at 0 and ends at what write() said', async () => {
      const { log, transport, join } = await scene(kind)
      const { peer, connection } = await join()
      expect(transport.flushedBytes(connection)).toBe(0)
      let sent = 0
      for (let n = 0; n < 500; n++) sent += log.send(connection, 'n', { n })
      await peer.signal.until('all bytes', () => peer.received === sent)
      while (transport.flushedBytes(connection) < sent) await turn()
      expect(transport.flushedBytes(connection)).toBe(sent)
    })

    test('what is discarded leaves no trace', async () => {
      const { log, transport, join } = await scene(kind)
      const { peer, connection } = await join()
      transport.write({ action: 'no' }, log.options)
      transport.discard()
      log.send(connection, 'yes')
      transport.write({ action: 'neither' }, log.options)
      transport.discard()
      expect(() => transport.write({ action: 'n', v: Symbol('v') }, log.options)).toThrow(TypeError)
      log.send(connection, 'again')
      const size = frame({ action: 'yes' }).length + frame({ action: 'again' }).length
      await peer.signal.until('both', () => peer.received >= size)
      const got = messagesOf(peer.bytes()).map((message) => message.action)
      expect(got).toEqual(['yes', 'again'])
    })

    test('postAll() gives each of them the frame', async () => {
      const { log, transport, join } = await scene(kind)
      const joined = []
      for (let n = 0; n < 5; n++) joined.push(await join())
      const length = transport.write({ action: 'all' }, log.options)
      transport.postAll(log.connections)
      for (const { peer } of joined) {
        await peer.signal.until('the frame', () => peer.received === length)
      }
    })

    test('answers one askDrained once: at once where that is so, else when it is', async () => {
      const { log, transport, join } = await scene(kind)
      const { peer, connection } = await join()
      transport.askDrained(connection, 0)
      expect(log.count('drained')).toBe(0)
      await log.until('drained', () => log.count('drained') === 1)
      peer.socket.pause()
      let sent = 0
      const waiting = (): number => sent - transport.flushedBytes(connection)
      const text = 'x'.repeat(64_000)
      while (sent < OVERFULL) sent += log.send(connection, 'n', { text })
      transport.askDrained(connection, 10_000)
      for (let n = 0; n < 20; n++) await turn()
      expect(log.count('drained')).toBe(1)
      peer.socket.resume()
      await log.until('drained', () => log.count('drained') === 2)
      expect(waiting()).toBeLessThanOrEqual(10_000)
      await peer.signal.until('all bytes', () => peer.received === sent)
      expect(log.count('drained')).toBe(2)
    })

    test('gives no messages to whom it has paused, and all of them after resume()', async () => {
      const { log, transport, join } = await scene(kind)
      const { peer, connection } = await join()
      transport.pause(connection)
      // A pause is an order to the engine: what it is told before it has taken it, it still reads.
      for (let n = 0; n < 50; n++) await turn()
      const frames = Array.from({ length: 3_000 }, (_, n) => frame({ action: 'n', n }))
      peer.socket.write(Buffer.concat(frames))
      for (let n = 0; n < 50; n++) await turn()
      expect(log.messages).toEqual([])
      transport.resume(connection)
      await log.until('all messages', () => log.messages.length === 3_000)
      expect(log.messages.map((message) => message['n'])).toEqual(frames.map((_, n) => n))
    })

    test('close() is answered by one CLOSED, however often it is called', async () => {
      const { log, transport, join } = await scene(kind)
      const { peer, connection } = await join()
      log.send(connection, 'last')
      transport.close(connection, 1_000)
      transport.close(connection, 1_000)
      log.send(connection, 'late')
      await peer.signal.until('FIN', () => peer.ended)
      await log.until('closed', () => log.count('closed CLOSED') > 0)
      transport.close(connection, 0)
      transport.release(connection)
      await peer.signal.until('the end of the socket', () => peer.gone || peer.ended)
      for (let n = 0; n < 20; n++) await turn()
      expect(log.events).toEqual(['opened', 'closed CLOSED'])
      expect(messagesOf(peer.bytes()).map((message) => message.action)).toEqual(['last'])
    })

    test('close() of 0 ms is a reset, and answered too', async () => {
      const { log, transport, join } = await scene(kind)
      const { peer, connection } = await join()
      const error = new Promise<string | undefined>((resolve) => {
        peer.socket.once('error', (e: NodeJS.ErrnoException) => resolve(e.code))
      })
      transport.close(connection, 0)
      expect(await error).toBe('ECONNRESET')
      await log.until('closed', () => log.count('closed CLOSED') === 1)
      expect(log.events).toEqual(['opened', 'closed CLOSED'])
    })

    test('after PEER_CLOSED the write half lives until release(), which flushes first', async () => {
      const { log, transport, join } = await scene(kind)
      const { peer, connection } = await join()
      peer.socket.end(X)
      await log.until('closed', () => log.count('closed PEER_CLOSED') === 1)
      log.send(connection, 'one')
      for (let n = 0; n < 20; n++) await turn()
      expect(peer.ended).toBe(false)
      for (let n = 0; n < 100; n++) log.send(connection, 'n', { n })
      transport.release(connection)
      log.send(connection, 'late')
      await peer.signal.until('FIN', () => peer.ended)
      const got = messagesOf(peer.bytes()).map((message) => message.action)
      expect(got).toEqual(['one', ...Array.from({ length: 100 }, () => 'n')])
    })

    test('an index is used again once it is released and its socket gone, a number never', async () => {
      const { log, transport, join } = await scene(kind)
      const numbers = new Set<Connection>()
      let highest = 0
      const count = 1_200
      const closed = (): number => log.count('closed PEER_RESET') + log.count('closed PEER_CLOSED')
      for (let n = 1; n <= count; n++) {
        const { peer, connection } = await join()
        expect(numbers.has(connection)).toBe(false)
        for (const old of log.connections.slice(-20, -1)) log.send(old, 'stale')
        numbers.add(connection)
        highest = Math.max(highest, indexOf(connection))
        const size = log.send(connection, 'mine', { n })
        await peer.signal.until('its message', () => peer.received >= size)
        expect(messagesOf(peer.bytes())).toEqual([{ n, action: 'mine' }])
        peer.socket.resetAndDestroy()
        await log.until('closed', () => closed() === n)
        transport.release(connection)
      }
      // Other tests of this process had some hundred at the same time.
      expect(highest).toBeLessThan(1_000)
    })

    test('writing is true inside a walk alone', async () => {
      const { log, transport } = await scene(kind)
      const seen: boolean[] = [transport.writing]
      const message = {
        action: 'x',
        get v() {
          seen.push(transport.writing)
          return 1
        },
      }
      transport.write(message, log.options)
      transport.discard()
      seen.push(transport.writing)
      expect(seen).toEqual([false, true, false])
    })

    test('quiesce() hands over what had arrived, then nothing; stop() leaves no socket', async () => {
      const { log, transport, port, join } = await scene(kind)
      const { peer, connection } = await join()
      peer.socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => X)))
      await log.until('a message', () => log.messages.length > 0)
      await log.endpoint.quiesce()
      const { length } = log.messages
      peer.socket.write(Buffer.concat([X, X, X]))
      for (let n = 0; n < 20; n++) await turn()
      expect(log.messages).toHaveLength(length)
      await expect(Peer.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      transport.close(connection, 1_000)
      await log.until('closed', () => log.count('closed CLOSED') === 1)
      transport.release(connection)
      peer.socket.end()
      await log.endpoint.stop()
      expect(log.events.at(-1)).toBe('closed CLOSED')
    })

    test('dial() resolves after opened, or rejects with the errno of it', async () => {
      const { log, port } = await scene(kind)
      const client = new Log(kind)
      await client.endpoint.dial('127.0.0.1', port)
      expect(client.events).toEqual(['opened'])
      await log.until('opened', () => log.connections.length === 1)
      client.send(client.last, 'hello')
      await log.until('its message', () => log.messages.length === 1)
      client.transport.close(client.last, 0)
      await client.until('closed', () => client.count('closed CLOSED') === 1)
      client.transport.release(client.last)
      await client.endpoint.stop()

      const refused = new Log(kind)
      await log.endpoint.quiesce()
      await expect(refused.endpoint.dial('127.0.0.1', port)).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      })
      expect(refused.events).toEqual([])
      await refused.endpoint.stop()
    })

    test('quiesce() gives up a dial, and a busy port rejects a listen', async () => {
      const { port } = await scene(kind)
      const client = new Log(kind)
      // No answer comes from a documentation address, or the platform refuses it: never `opened`.
      const dial = client.endpoint.dial('192.0.2.1', 5_071)
      const outcome = expect(dial).rejects.toBeInstanceOf(Error)
      await client.endpoint.quiesce()
      await outcome
      await client.endpoint.stop()
      expect(client.events).toEqual([])
      const second = new Log(kind)
      await expect(second.endpoint.listen('127.0.0.1', port)).rejects.toMatchObject({
        code: 'EADDRINUSE',
      })
      await second.endpoint.stop()
    })
  })
}
