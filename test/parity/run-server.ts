/** Plays a session against a server on one transport; the transcript is what must be equal. */
import { Channel, type CloseReason, encode, type ReceivedMessage, Server } from '../../ts/index.js'
import type { TransportKind } from '../../ts/transport/transport.js'
import { Peer, Signal, show } from './peer.js'
import { faultBytes, type ServerSession, type ServerStep } from './session.js'

const MAX_OUT = 4_096

class SessionChannel extends Channel<SessionServer> {
  name = ''
  log: string[] = []
  received = 0
  closed = false

  Network_v(data: ReceivedMessage): void {
    this.#note(show(data))
  }
  Network_throw(): void {
    this.#note('throws')
    throw new Error('on purpose')
  }
  override networkReceived(data: ReceivedMessage): void {
    this.#note(`unhandled ${show(data)}`)
  }
  override onError(error: { code: string; detail?: string }): void {
    this.log.push(`error ${error.code} ${error.detail ?? '-'}`)
  }
  override onDrain(): void {
    this.log.push('drain')
  }
  override onClose(reason: CloseReason): void {
    this.log.push(`close ${reason.code} ${reason.detail ?? '-'} ${this.server.channels.has(this)}`)
  }
  #note(what: string): void {
    this.received++
    this.log.push(what)
    this.server.signal.notify()
  }
}

class SessionServer extends Server<SessionChannel> {
  override channelClass = SessionChannel
  readonly signal = new Signal()
  readonly all: SessionChannel[] = []
  isPumped = false

  override onConnect(channel: SessionChannel): void {
    // Pumped, the greeting went out in an earlier turn: perhaps the kernel has it already.
    const greeting = this.isPumped ? '' : ` ${channel.bufferedBytes}`
    channel.log.push(`connect ${channel.isConnected}${greeting}`)
    this.all.push(channel)
    this.signal.notify()
  }
  override onDisconnect(channel: SessionChannel, reason: CloseReason): void {
    channel.log.push(
      `disconnect ${reason.code} ${this.channels.has(channel)} ${channel.isConnected}`,
    )
    channel.closed = true
    this.signal.notify()
  }
}

/** Counts of what happened, over all sessions of a run. */
export type Tally = Map<string, number>

export function count(tally: Tally, what: string, by = 1): void {
  tally.set(what, (tally.get(what) ?? 0) + by)
}

export async function runServerSession(
  transport: TransportKind,
  session: ServerSession,
  tally: Tally,
): Promise<string> {
  const server = new SessionServer({
    port: 0,
    transport,
    dispatch: session.dispatch,
    slowConsumer: session.slowConsumer,
    onHandlerError: session.onHandlerError,
    maxBufferedOut: MAX_OUT,
    maxOutboundFrameLength: MAX_OUT,
    writeHighWater: 1_024,
    writeLowWater: 512,
  })
  server.isPumped = session.dispatch === 'pump'
  const run = new ServerRun(server, session, tally)
  await server.start()
  if (server.transport !== transport) throw new Error(`runs on ${server.transport}`)
  try {
    for (const step of session.steps) await run.play(step)
  } finally {
    await run.finish()
  }
  return run.transcript()
}

class ServerRun {
  readonly #server: SessionServer
  readonly #session: ServerSession
  readonly #tally: Tally
  readonly #peers: Peer[] = []
  readonly #channels: SessionChannel[] = []
  /** Bytes sent to each peer, greeting included: what it must have got at rest. */
  readonly #expected: number[] = []
  readonly #log: string[] = []
  #pump: (() => void) | undefined

  constructor(server: SessionServer, session: ServerSession, tally: Tally) {
    this.#server = server
    this.#session = session
    this.#tally = tally
    if (session.dispatch === 'pump') this.#pump = () => server.pump()
  }

  async play(step: ServerStep): Promise<void> {
    count(this.#tally, step.kind)
    if (step.kind === 'connect') return this.#connect()
    if (step.kind === 'broadcast') return this.#broadcast(step.values, step.except)
    const at = this.#pick(step.peer)
    if (at === undefined) return
    switch (step.kind) {
      case 'receive':
        return this.#receive(at, step.values, step.cuts)
      case 'send':
        return this.#send(at, step.values)
      case 'fault': {
        await this.#write(at, [...frames(step.before), faultBytes(step.fault)], [])
        return this.#gone(at)
      }
      case 'throw': {
        await this.#write(at, [encode({ action: 'throw' }), ...frames(step.after)], [])
        if (this.#session.onHandlerError === 'close') return this.#gone(at)
        return this.#settle(at, 1 + step.after)
      }
      case 'fin': {
        const half = step.half ? [Buffer.from('0000000a81', 'hex')] : []
        await this.#write(at, [...frames(step.before), ...half], [])
        this.#peer(at).socket.end()
        return this.#gone(at)
      }
      case 'reset':
        this.#peer(at).socket.resetAndDestroy()
        return this.#gone(at)
      case 'close': {
        const channel = this.#channel(at)
        for (let i = 0; i < step.queued; i++) this.#account(at, channel.send({ action: 'q', i }))
        channel.close()
        this.#log.push(`after close: ${channel.send({ action: 'late' })}`)
        return this.#gone(at)
      }
      case 'overflow':
        return this.#overflow(at)
    }
  }

  async finish(): Promise<void> {
    const open = this.#server.channels.size
    count(this.#tally, 'code STOPPED', open)
    const stopping = this.#server.stop()
    for (const peer of this.#peers) {
      await peer.signal.until('the end of a peer', () => peer.gone || peer.ended)
      if (!peer.gone) peer.socket.end()
    }
    const report = await stopping
    this.#log.push(`stop ${report.channels} ${report.bytes}`)
    const closedBy = Object.entries(this.#server.stats().closedBy).sort()
    this.#log.push(`closedBy ${JSON.stringify(closedBy)}`)
  }

  transcript(): string {
    const lines = [...this.#log]
    for (const [i, channel] of this.#channels.entries()) {
      lines.push(`-- ${i}`, ...channel.log, `got ${this.#peers[i]?.bytes().toString('hex')}`)
    }
    return lines.join('\n')
  }

  async #connect(): Promise<void> {
    const before = this.#server.all.length
    const peer = await Peer.connect(this.#server.address?.port ?? 0)
    await this.#until('onConnect', () => this.#server.all.length > before)
    const channel = this.#server.all[before]
    if (channel === undefined) throw new Error('unreachable: one channel more')
    this.#peers.push(peer)
    this.#channels.push(channel)
    this.#expected.push(encode({ action: 'connected' }).length)
    await this.#rest(this.#peers.length - 1)
  }

  async #receive(at: number, values: unknown[], cuts: number[]): Promise<void> {
    await this.#write(
      at,
      values.map((value, i) => encode({ action: i % 7 === 6 ? 'w' : 'v', value })),
      cuts,
    )
    return this.#settle(at, values.length)
  }

  async #send(at: number, values: unknown[]): Promise<void> {
    const channel = this.#channel(at)
    for (const value of values) {
      this.#account(at, channel.send({ action: 'v', value }))
      this.#log.push(`buffered ${channel.bufferedBytes} ${channel.isWritable}`)
    }
    return this.#rest(at)
  }

  async #broadcast(values: unknown[], except: boolean): Promise<void> {
    const alive = this.#alive()
    const left = except ? alive[0] : undefined
    const exceptChannel = left === undefined ? undefined : this.#channel(left)
    for (const value of values) {
      const message = { action: 'all', value }
      const sent = this.#server.sendToAll(message, { except: exceptChannel })
      this.#log.push(`broadcast to ${sent}`)
      for (const at of alive) {
        if (at !== left) this.#account(at, encode(message).length)
      }
    }
    for (const at of alive) await this.#rest(at)
  }

  /** Fills one turn's account beyond its bound: the policy decides, at the same frame. */
  async #overflow(at: number): Promise<void> {
    const channel = this.#channel(at)
    const sizes: number[] = []
    for (let i = 0; i < 12; i++) {
      sizes.push(channel.send({ action: 'big', text: 'x'.repeat(500) }))
      this.#account(at, sizes[i] ?? 0)
    }
    this.#log.push(`overflow ${sizes} ${channel.isWritable} ${channel.isConnected}`)
    if (this.#session.slowConsumer === 'close') return this.#gone(at)
    return this.#rest(at)
  }

  #account(at: number, bytes: number): void {
    this.#expected[at] = (this.#expected[at] ?? 0) + bytes
  }

  async #write(at: number, parts: Uint8Array[], cuts: readonly number[]): Promise<void> {
    await this.#peer(at).write(Buffer.concat(parts), cuts)
  }

  /** All of them dispatched, and everything sent has arrived. */
  async #settle(at: number, messages: number): Promise<void> {
    const channel = this.#channel(at)
    channel.received -= messages
    await this.#until('messages', () => channel.received >= 0)
    return this.#rest(at)
  }

  async #rest(at: number): Promise<void> {
    const peer = this.#peer(at)
    const channel = this.#channel(at)
    await this.#until('the bytes', () => peer.received >= (this.#expected[at] ?? 0))
    await peer.signal.until(
      'nothing buffered',
      () => channel.bufferedBytes === 0 && channel.isWritable,
      this.#pump ?? (() => {}),
    )
  }

  async #gone(at: number): Promise<void> {
    const channel = this.#channel(at)
    const peer = this.#peer(at)
    await this.#until('onDisconnect', () => channel.closed)
    if (!peer.socket.destroyed) peer.socket.end()
    await peer.signal.until('the end of a peer', () => peer.gone)
    count(this.#tally, `code ${channel.closeReason?.code}`)
    if (channel.closeReason?.detail !== undefined) {
      count(this.#tally, `code ${channel.closeReason.code} ${channel.closeReason.detail}`)
    }
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    await this.#server.signal.until(what, condition, this.#pump ?? (() => {}))
  }

  #alive(): number[] {
    return [...this.#channels.keys()].filter((at) => !this.#channels[at]?.closed)
  }
  #pick(peer: number): number | undefined {
    const alive = this.#alive()
    return alive.length === 0 ? undefined : alive[peer % alive.length]
  }
  #peer(at: number): Peer {
    const peer = this.#peers[at]
    if (peer === undefined) throw new Error(`no peer ${at}`)
    return peer
  }
  #channel(at: number): SessionChannel {
    const channel = this.#channels[at]
    if (channel === undefined) throw new Error(`no channel ${at}`)
    return channel
  }
}

function frames(n: number): Uint8Array[] {
  return Array.from({ length: n }, (_, i) => encode({ action: 'v', i }))
}
