/** What a real server makes of frames: for each `ok` and the message, or code and detail. */

import { decodeValidated } from '../../ts/codec/decode.js'
import { validate } from '../../ts/codec/validate.js'
import { Channel, type CloseReason, type ReceivedMessage, Server } from '../../ts/index.js'
import { parseServerOptions, type ServerOptions } from '../../ts/options.js'
import { connect, until } from '../native/support.js'
import { Signal, show } from '../parity/peer.js'

const LANES = 32
const options = parseServerOptions()

/** The verdict and the value of our TypeScript codec. */
export function expected(frame: Buffer): string {
  const payload = new Uint8Array(frame.subarray(4))
  const fault = validate(payload, 0, payload.length, options)
  if (fault !== undefined) return `${fault.code} ${fault.detail ?? '-'}`
  return show(decodeValidated(payload, 0, payload.length))
}

class VerdictChannel extends Channel<VerdictServer> {
  verdicts: string[] = []
  readonly signal = new Signal()
  override networkReceived(data: ReceivedMessage): void {
    this.verdicts.push(show(data))
    this.signal.notify()
  }
  override onError(): void {}
  override onClose(reason: CloseReason): void {
    this.verdicts.push(`${reason.code} ${reason.detail ?? '-'}`)
    this.signal.notify()
  }
}
class VerdictServer extends Server<VerdictChannel> {
  override channelClass = VerdictChannel
  readonly waiting: ((channel: VerdictChannel) => void)[] = []
  override onConnect(channel: VerdictChannel): void {
    this.waiting.shift()?.(channel)
  }
}

/** Plays all frames; a connection is used until one of its frames ends it. */
export async function verdicts(given: ServerOptions, frames: readonly Buffer[]): Promise<string[]> {
  const server = new VerdictServer({ port: 0, ...given })
  const { port } = await server.start()
  if (server.transport !== given.transport) throw new Error(`runs on ${server.transport}`)
  const out = new Array<string>(frames.length)
  let at = 0
  const lane = async (): Promise<void> => {
    while (at < frames.length) {
      // One connect at a time: the channel that comes next is this socket's.
      const { socket, channel } = await serial(async () => {
        const opened = new Promise<VerdictChannel>((resolve) => server.waiting.push(resolve))
        const socket = await connect(port)
        return { socket, channel: await opened }
      })
      socket.resume().on('error', () => {})
      for (let ended = false; !ended && at < frames.length; ) {
        // Several at once while they are good; none behind one that is not.
        const batch: number[] = []
        while (at < frames.length && batch.length < 16) {
          const frame = frames[at] as Buffer
          batch.push(at++)
          if (!expected(frame).startsWith('{')) break
        }
        channel.verdicts = []
        socket.write(Buffer.concat(batch.map((i) => frames[i] as Buffer)))
        await channel.signal.until('verdicts', () => channel.verdicts.length >= batch.length)
        for (const [k, i] of batch.entries()) out[i] = channel.verdicts[k] as string
        ended = !channel.isConnected
      }
      socket.destroy()
    }
  }
  let queue: Promise<unknown> = Promise.resolve()
  function serial<T>(task: () => Promise<T>): Promise<T> {
    const result = queue.then(task)
    queue = result.catch(() => {})
    return result
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  await until('all gone', () => server.channels.size === 0)
  await server.stop()
  return out
}
