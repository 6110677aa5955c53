/** Messages of the largest sizes, on default limits and on raised ones. */
import { describe, expect, test } from 'vitest'
import { ConnectionListener, type ReceivedMessage } from '../../ts/index.js'
import { frame, type Kind, Signal, serve } from './support.js'

class Receiver extends ConnectionListener {
  readonly signal = new Signal()
  readonly messages: ReceivedMessage[] = []
  Network_big(data: ReceivedMessage): void {
    this.messages.push(data)
    this.signal.notify()
  }
}

/** A message whose payload has exactly this many bytes, which all differ from their neighbours. */
function sized(payload: number): { action: string; text: string } {
  const overhead = frame({ action: 'big', text: 'x'.repeat(70_000) }).length - 4 - 70_000
  const unit = '0123456789abcdefghijklmnopqrstuvwxyz'
  const length = payload - overhead
  return { action: 'big', text: unit.repeat(Math.ceil(length / unit.length)).slice(0, length) }
}

export function large(kind: Kind): void {
  describe('large messages', () => {
    test('a payload of 1 MiB - 1 from server to client arrives on default limits', async () => {
      const server = await serve(kind)
      const client = new Receiver({ transport: kind, dispatch: 'auto' })
      await client.connect('127.0.0.1', server.port)
      const message = sized(2 ** 20 - 1)
      for (let n = 1; n <= 2; n++) {
        expect(server.sendToAll(message)).toBe(1)
        await client.signal.until('the message', () => client.messages.length === n)
      }
      for (const got of client.messages) expect(got['text'] === message.text).toBe(true)
      await client.close()
    })

    test('one byte more than maxOutboundFrameLength throws and harms nothing', async () => {
      const server = await serve(kind)
      const client = new Receiver({ transport: kind, dispatch: 'auto' })
      await client.connect('127.0.0.1', server.port)
      const channel = server.all[0]
      expect(channel?.send(sized(2 ** 20))).toBe(2 ** 20 + 4)
      expect(() => channel?.send(sized(2 ** 20 + 1))).toThrow(
        expect.objectContaining({ name: 'RangeError', code: 'REPOD_ERR_FRAME_TOO_LARGE' }),
      )
      await client.signal.until('the message', () => client.messages.length === 1)
      expect(client.isConnected).toBe(true)
      await client.close()
    })

    test('a payload of 16,777,215 bytes arrives both ways on raised limits', async () => {
      const raised = {
        maxFrameLength: 16_777_215,
        maxOutboundFrameLength: 16_777_215,
        maxBufferedOut: 2 ** 25,
        inboundQueueBytes: 2 ** 25,
      }
      const server = await serve(kind, raised)
      server.react = (channel, data) => void channel.send(data)
      const client = new Receiver({ transport: kind, dispatch: 'auto', ...raised })
      await client.connect('127.0.0.1', server.port)
      const message = sized(16_777_215)
      expect(client.send(message)).toBe(16_777_219)
      await client.signal.until('the echo', () => client.messages.length === 1)
      expect(client.messages[0]?.['text'] === message.text).toBe(true)
      await client.close()
    })

    test('large and small messages that alternate stay in order', async () => {
      const server = await serve(kind, { maxBufferedOut: 2 ** 25 })
      const client = new Receiver({ transport: kind, dispatch: 'auto' })
      await client.connect('127.0.0.1', server.port)
      const sizes = [70_000, 100, 300_000, 5, 262_144, 65_532, 65_536, 1, 16_384, 200_000]
      for (const size of sizes) server.sendToAll({ action: 'big', text: 'z'.repeat(size) })
      await client.signal.until('all', () => client.messages.length === sizes.length)
      expect(client.messages.map((got) => (got['text'] as string).length)).toEqual(sizes)
      await client.close()
    })
  })
}
