/**
 * What the contract's tests share: a server that writes down what happens to it, peers that speak
 * raw bytes, and a canary, a player like any other, who must notice nothing.
 */
import { onTestFinished } from 'vitest'
import {
  Channel,
  type CloseReason,
  ConnectionListener,
  decode,
  encode,
  type Message,
  type ReceivedMessage,
  type RepodError,
  readMessage,
  Server,
  type ServerOptions,
} from '../../ts/index.js'
import type { TransportKind } from '../../ts/transport/transport.js'
import { Peer, Signal } from '../parity/peer.js'
import { FramePeer } from './frame-peer.js'

export { FramePeer, Peer, Signal }
export type Kind = TransportKind

/** One line per event, in order: `connect`, `message x`, `error CODE detail`, `close CODE` … */
export class Recorder extends Channel<RecordingServer> {
  readonly events: string[] = []
  readonly messages: ReceivedMessage[] = []
  isGone = false

  Network_canary(data: ReceivedMessage): void {
    this.send(data)
  }
  override networkReceived(data: ReceivedMessage): void {
    this.messages.push(data)
    this.note(`message ${data.action}`)
    this.server.react?.(this, data)
  }
  override onConnect(): void {
    this.note('connect')
  }
  override onError(error: RepodError): void {
    this.note(`error ${bare(error.code)}${error.detail === undefined ? '' : ` ${error.detail}`}`)
  }
  override onDrain(): void {
    // 32,768: the default of `writeLowWater`.
    this.note(this.bufferedBytes > 32_768 ? 'drain too early' : 'drain')
  }
  override onClose(reason: CloseReason): void {
    const where = this.server.channels.has(this) ? '' : ', not in channels'
    this.note(`close ${reason.code}${where}`)
  }
  note(event: string): void {
    this.events.push(event)
    this.server.signal.notify()
  }
}

export class RecordingServer extends Server<Recorder> {
  override channelClass = Recorder
  readonly signal = new Signal()
  readonly all: Recorder[] = []
  /** What a test wants to happen with a message. */
  react: ((channel: Recorder, data: ReceivedMessage) => void) | undefined
  connects = 0
  disconnects = 0

  override onConnect(channel: Recorder): void {
    this.connects++
    this.all.push(channel)
    this.signal.notify()
  }
  override onDisconnect(channel: Recorder, reason: CloseReason): void {
    this.disconnects++
    const where = this.channels.has(channel) ? ', still in channels' : ''
    channel.note(`disconnect ${reason.code}${where}`)
    channel.isGone = true
    this.signal.notify()
  }

  get port(): number {
    const { address } = this
    if (address === undefined) throw new Error('the server does not listen')
    return address.port
  }

  until(what: string, condition: () => boolean): Promise<void> {
    return this.signal.until(what, condition)
  }
}

/** A server on a free port, stopped when the test is over. */
export async function serve<S extends RecordingServer = RecordingServer>(
  transport: Kind,
  options: ServerOptions = {},
  make: (options: ServerOptions) => S = (all) => new RecordingServer(all) as S,
): Promise<S> {
  const server = make({ port: 0, closeTimeout: 2_000, drainTimeout: 2_000, ...options, transport })
  await server.start()
  if (server.transport !== transport) throw new Error(`runs on ${server.transport}`)
  onTestFinished(async () => {
    await server.stop()
  })
  return server
}

/** A raw peer and the channel that the server made for it. */
export async function join(
  server: RecordingServer,
): Promise<{ peer: FramePeer; channel: Recorder }> {
  const peer = await FramePeer.join(server.port)
  onTestFinished(() => peer.destroy())
  const ours = peer.socket.localPort
  const find = (): Recorder | undefined => server.all.find((each) => each.addr.port === ours)
  await server.until('the channel of a peer', () => find() !== undefined)
  return { peer, channel: find() as Recorder }
}

/** Sends bytes in the role of an attacker and waits for the end of it. */
export async function attack(server: RecordingServer, bytes: Uint8Array): Promise<Recorder> {
  const { peer, channel } = await join(server)
  peer.socket.write(bytes)
  await server.until('the end of an attacker', () => channel.isGone)
  return channel
}

/** A player beside the attackers: every echo must come back, in order, on one connection. */
export class Canary extends ConnectionListener {
  readonly signal = new Signal()
  readonly echoes: unknown[] = []
  sent = 0
  trouble: string[] = []

  static async join(server: RecordingServer, transport: Kind): Promise<Canary> {
    const canary = new Canary({ transport, dispatch: 'auto' })
    await canary.connect('127.0.0.1', server.port)
    onTestFinished(() => canary.close())
    return canary
  }

  Network_canary(data: ReceivedMessage): void {
    this.echoes.push(data['n'])
    this.signal.notify()
  }
  Network_disconnected(data: { reason: CloseReason }): void {
    this.trouble.push(data.reason.code)
    this.signal.notify()
  }

  sing(): void {
    this.send({ action: 'canary', n: this.sent++ })
  }

  /** Sings once more and waits for every echo; throws if any is missing, twice or out of order. */
  async check(): Promise<void> {
    this.sing()
    await this.signal.until(
      'the echoes of the canary',
      () => this.echoes.length >= this.sent || this.trouble.length > 0,
    )
    const expected = Array.from({ length: this.sent }, (_, n) => n)
    if (this.trouble.length > 0) throw new Error(`the canary lost its connection: ${this.trouble}`)
    if (this.echoes.join() !== expected.join()) throw new Error(`echoes: ${this.echoes.join()}`)
  }
}

/** `REPOD_ERR_CLOSED` -> `CLOSED`. */
export function bare(code: string): string {
  return code.replace('REPOD_ERR_', '')
}

export function hex(text: string): Buffer {
  const digits = text.replaceAll(/\s/g, '')
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new Error(`no hex: ${text}`)
  return Buffer.from(digits, 'hex')
}

/** The frame of a payload. */
export function framed(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(payload.length)
  return Buffer.concat([head, payload])
}

export function frame(message: Message): Buffer {
  return Buffer.from(encode(message))
}

/** `{action:'x'}` of the hostile catalogue, as a frame. */
export const X: Buffer = hex('0000000a81a6616374696f6ea178')

/** A value as the field `v` of a message: the payload. */
export function asField(value: Uint8Array): Buffer {
  return Buffer.concat([hex('82 a6616374696f6e a178 a176'), value])
}

/**
 * More than all that the kernel takes for a peer that does not read: a socket's receive buffer may
 * grow to 32 MiB, the sender's to 4.
 */
export const OVERFULL: number = 2 ** 26

/** The messages that a peer got, the greeting included. */
export function messagesOf(bytes: Uint8Array): ReceivedMessage[] {
  const messages: ReceivedMessage[] = []
  for (let rest = bytes; ; ) {
    const next = readMessage(rest)
    if (next === undefined) return messages
    messages.push(next.message)
    rest = rest.subarray(next.consumed)
  }
}

/** Waits until a peer has `count` messages beside the greeting, and gives them. */
export async function received(peer: FramePeer, count: number): Promise<ReceivedMessage[]> {
  await peer.signal.until(`${count} messages`, () => peer.payloads.length > count)
  return peer.payloads.slice(1).map((payload) => decode(payload))
}

/** What the program is given per turn, without a clock. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
