/** L20 of the catalogue: connecting that fails says why, once, and leaves nothing. */
import { createServer, type Server, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Client, ConnectionListener, type RepodError } from '../../ts/index.js'
import { framed, hex, type Kind, RecordingServer, Signal, serve, X } from './support.js'

/** A listener that is no server of ours; gives its port. */
async function stranger(onSocket: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

class Listener extends ConnectionListener {
  readonly signal = new Signal()
  readonly events: string[] = []
  Network_socketConnect(): void {
    this.events.push('socketConnect')
  }
  Network_connected(): void {
    this.events.push('connected')
  }
  Network_disconnected({ reason }: { reason: { code: string } }): void {
    this.events.push(`disconnected ${reason.code}`)
    this.signal.notify()
  }
  Network_error({ error }: { error: RepodError }): void {
    this.events.push(`error ${error.code}`)
    this.signal.notify()
  }
}

export function connecting(kind: Kind): void {
  describe('connecting', () => {
    test('socketConnect and connected come once each, in order', async () => {
      const server = await serve(kind)
      const listener = new Listener({ transport: kind, dispatch: 'auto' })
      await listener.connect('127.0.0.1', server.port)
      await listener.signal.until('both', () => listener.events.length === 2)
      expect(listener.events).toEqual(['socketConnect', 'connected'])
      await listener.close()
    })

    test('a refused port rejects with its cause, and Network_error comes once', async () => {
      const probe = await serve(kind)
      const { port } = probe
      await probe.stop()
      const listener = new Listener({ transport: kind, dispatch: 'auto' })
      const connecting = listener.connect('127.0.0.1', port)
      listener.send({ action: 'early' })
      await expect(connecting).rejects.toMatchObject({
        code: 'REPOD_ERR_CONNECT_FAILED',
        cause: { code: 'ECONNREFUSED' },
        unsent: { messages: 1, bytes: 4 + 14 },
      })
      await listener.signal.until('the error', () => listener.events.length > 0)
      expect(listener.events).toEqual(['error REPOD_ERR_CONNECT_FAILED'])
    })

    test('a name that does not exist rejects with its cause', async () => {
      const client = new Client({ transport: kind })
      await expect(client.connect('no-such-host.invalid', 5071)).rejects.toMatchObject({
        code: 'REPOD_ERR_CONNECT_FAILED',
        cause: { code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) },
      })
    })

    test('a server that never greets is given up after connectTimeout', async () => {
      const port = await stranger(() => {})
      const listener = new Listener({ transport: kind, dispatch: 'auto', connectTimeout: 100 })
      await expect(listener.connect('127.0.0.1', port)).rejects.toMatchObject({
        code: 'REPOD_ERR_CONNECT_TIMEOUT',
      })
      await listener.signal.until('the error', () => listener.events.length === 2)
      expect(listener.events).toEqual(['socketConnect', 'error REPOD_ERR_CONNECT_TIMEOUT'])
    })

    test('an abort rejects with ABORTED and its cause', async () => {
      const port = await stranger(() => {})
      const client = new Client({ transport: kind })
      const controller = new AbortController()
      const connecting = client.connect('127.0.0.1', port, { signal: controller.signal })
      controller.abort(new Error('enough'))
      await expect(connecting).rejects.toMatchObject({
        code: 'REPOD_ERR_ABORTED',
        cause: new Error('enough'),
      })
    })

    test('a peer that ends before its greeting is a connection that failed', async () => {
      const port = await stranger((socket) => socket.end())
      const client = new Client({ transport: kind })
      await expect(client.connect('127.0.0.1', port)).rejects.toMatchObject({
        code: 'REPOD_ERR_CONNECT_FAILED',
      })
    })

    test('a client closes a server that sends what it does not accept', async () => {
      const greeting = framed(hex('81a6616374696f6ea9636f6e6e6563746564'))
      let socket: Socket | undefined
      const port = await stranger((each) => {
        socket = each
        each.write(Buffer.concat([greeting, X, hex('00000001c1'), X]))
      })
      const listener = new Listener({ transport: kind, dispatch: 'auto' })
      const actions: string[] = []
      Object.assign(listener, {
        networkReceived: (data: { action: string }) => actions.push(data.action),
      })
      await listener.connect('127.0.0.1', port)
      await listener.signal.until('the end', () => listener.events.length === 4)
      expect(actions).toEqual(['x'])
      expect(listener.events.slice(2)).toEqual([
        'error REPOD_ERR_DECODE_ERROR',
        'disconnected DECODE_ERROR',
      ])
      socket?.destroy()
    })

    test('a listener that is not pumped still connects, and is told inside its first pump', async () => {
      const server = await serve(kind)
      const listener = new Listener({ transport: kind })
      await listener.connect('127.0.0.1', server.port)
      expect(listener.events).toEqual([])
      listener.pump()
      expect(listener.events).toEqual(['socketConnect', 'connected'])
      await listener.close()
    })

    test('a listen on an address that is not ours rejects', async () => {
      const server = new RecordingServer({ host: '192.0.2.1', port: 0, transport: kind })
      await expect(server.start()).rejects.toMatchObject({
        code: 'REPOD_ERR_LISTEN_FAILED',
        cause: { code: 'EADDRNOTAVAIL' },
      })
    })
  })
}
