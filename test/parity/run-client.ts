/** Plays a session of a client against a scripted server; as `run-server.ts` does for servers. */
import net from 'node:net'
import {
  type CloseReason,
  ConnectionListener,
  encode,
  type ReceivedMessage,
  type RepodError,
} from '../../ts/index.js'
import type { TransportKind } from '../../ts/transport/transport.js'
import { Peer, Signal, show } from './peer.js'
import { count, type Tally } from './run-server.js'
import { type ClientSession, faultBytes } from './session.js'

class SessionClient extends ConnectionListener {
  readonly log: string[] = []
  readonly signal = new Signal()
  received = 0
  closed = false
  /** Of `connect()`, which settles by itself: its place among the pumped events is of no promise. */
  outcome = ''

  Network_socketConnect(): void {
    this.log.push('socketConnect')
    this.signal.notify()
  }
  Network_connected(): void {
    this.log.push('connected')
    this.signal.notify()
  }
  Network_v(data: ReceivedMessage): void {
    this.#note(show(data))
  }
  Network_throw(): void {
    this.#note('throws')
    throw new Error('on purpose')
  }
  Network_error({ error }: { error: RepodError }): void {
    this.log.push(`error ${error.code} ${error.detail ?? '-'}`)
  }
  Network_disconnected({ reason }: { reason: CloseReason }): void {
    this.log.push(`disconnected ${reason.code} ${reason.detail ?? '-'}`)
    this.closed = true
    this.signal.notify()
  }
  override networkReceived(data: ReceivedMessage): void {
    this.#note(`unhandled ${show(data)}`)
  }
  #note(what: string): void {
    this.received++
    this.log.push(what)
    this.signal.notify()
  }
}

export async function runClientSession(
  transport: TransportKind,
  session: ClientSession,
  tally: Tally,
): Promise<string> {
  const accepted: Peer[] = []
  const signal = new Signal()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(new Peer(socket))
    signal.notify()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as net.AddressInfo
  const client = new SessionClient({
    transport,
    dispatch: session.dispatch,
    connectTimeout: session.greets ? 5_000 : 25,
    maxFrameLength: 65_536,
    maxElements: 16_384,
    maxMapEntries: 4_096,
  })
  try {
    await play(client, session, tally, port, accepted, signal)
  } finally {
    await client.close()
    for (const peer of accepted) peer.destroy()
    await new Promise<void>((done) => server.close(() => done()))
  }
  // Whether TCP was up before the time was over is the machine's affair.
  const log = client.log.filter((each) => session.greets || each !== 'socketConnect')
  const got = accepted[0]?.bytes().toString('hex') ?? ''
  return [
    client.outcome,
    ...log,
    `reason ${client.connection.closeReason?.code}`,
    `got ${got}`,
  ].join('\n')
}

async function play(
  client: SessionClient,
  session: ClientSession,
  tally: Tally,
  port: number,
  accepted: Peer[],
  signal: Signal,
): Promise<void> {
  const pump = session.dispatch === 'pump' ? () => client.pump() : () => {}
  const connecting = client.connect('127.0.0.1', port)
  let outcome = 'pending'
  const settled = connecting.then(
    () => {
      outcome = 'connected'
    },
    (error: RepodError) => {
      outcome = `${error.code} unsent ${show(error.unsent)}`
    },
  )
  const early = session.early.map((value) => client.send({ action: 'early', value }))
  client.log.push(`early ${early} ${client.connection.bufferedBytes}`)
  // Without a greeting the time may be over before TCP is up: then nobody was accepted.
  await signal.until(
    'an accepted socket',
    () => accepted.length > 0 || (!session.greets && outcome !== 'pending'),
    pump,
  )
  const [peer] = accepted
  if (peer === undefined) return timedOut(client, tally, outcome, pump)
  await peer.write(Buffer.concat(session.ahead.map((value) => encode({ action: 'v', value }))), [])
  if (session.greets) await peer.write(encode({ action: 'connected' }), [])
  await settled
  client.outcome = outcome
  if (!session.greets) {
    await timedOut(client, tally, outcome, pump)
    peer.socket.end()
    return
  }
  count(tally, 'client greeted')
  const expected = early.reduce((sum, each) => sum + each, 0)
  await peer.signal.until('what was sent early', () => peer.received >= expected, pump)
  await peer.write(
    Buffer.concat(session.values.map((value) => encode({ action: 'v', value }))),
    session.cuts,
  )
  const messages = session.ahead.length + session.values.length
  await client.signal.until('messages', () => client.received >= messages, pump)
  await end(client, session, peer)
  await client.signal.until('Network_disconnected', () => client.closed, pump)
  if (!peer.socket.destroyed) peer.socket.end()
  count(tally, `client ${session.end.kind}`)
  count(tally, `code ${client.connection.closeReason?.code}`)
}

async function timedOut(
  client: SessionClient,
  tally: Tally,
  outcome: string,
  pump: () => void,
): Promise<void> {
  client.outcome = outcome
  count(tally, 'client never greeted')
  count(tally, 'code CONNECT_TIMEOUT')
  const told = (): boolean => client.log.some((each) => each.startsWith('error'))
  await client.signal.until('Network_error', told, pump)
}

async function end(client: SessionClient, session: ClientSession, peer: Peer): Promise<void> {
  switch (session.end.kind) {
    case 'fin':
      return void peer.socket.end()
    case 'reset':
      return void peer.socket.resetAndDestroy()
    case 'close': {
      const sent = client.send({ action: 'last' })
      void client.close()
      client.log.push(`last ${sent} ${client.send({ action: 'late' })}`)
      return peer.signal.until('the FIN', () => peer.ended).then(() => void peer.socket.end())
    }
    case 'throw':
      await peer.write(encode({ action: 'throw' }), [])
      return
    case 'fault':
      await peer.write(faultBytes(session.end.fault), [])
      return
  }
}
