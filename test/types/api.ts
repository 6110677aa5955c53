/**
 * Good and bad uses of the public API, for the compiler alone: nothing here is run. Every
 * `@ts-expect-error` is a promise of the API, and an error where it stops being one.
 */
import { type MessagePort, Worker } from 'node:worker_threads'
import {
  Channel,
  type ChannelInit,
  Client,
  type CloseEvent,
  type CloseReason,
  ConnectionListener,
  configureLogging,
  decode,
  encode,
  type Handlers,
  type LifecycleHandlers,
  type Logger,
  type MessageOf,
  type OutgoingOf,
  type ReceivedMessage,
  RepodError,
  type readMessage,
  Server,
} from '../../ts/index.js'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(..._proof: Equal<A, B> extends true ? [] : [never]): void {}
declare const text: string

// ---- both programs of the API page, word for word ----

type ToServer = { action: 'join'; name: string } | { action: 'say'; text: string }
type ToClient = { action: 'said'; from: string; text: string }

class ChatChannel extends Channel<ChatServer, ToClient> implements Handlers<ToServer> {
  name = 'anonymous'
  Network_join(data: { name: string }) {
    this.name = data.name
  }
  Network_say(data: { text: string }) {
    this.server.sendToAll({ action: 'said', from: this.name, text: data.text })
  }
}
class ChatServer extends Server<ChatChannel> {
  override channelClass = ChatChannel
}
await new ChatServer({ host: '127.0.0.1', port: 5071 }).launch()

class ChatClient extends ConnectionListener {
  Network_connected() {
    this.send({ action: 'join', name: 'Ada' })
  }
  Network_said(data: { from: string; text: string }) {
    console.log(data.from, data.text)
  }
  Network_disconnected(_data: { reason: CloseReason }) {}
  Network_error(_data: { error: RepodError }) {}
}
const chat = new ChatClient()
await chat.connect('127.0.0.1', 5071)
// in the game loop, once per frame:
chat.pump()

// ---- the circle server <-> channel stays typed, also through inferred return types ----

class Player extends Channel<Arena, ToClient> {
  spawn = this.server.nextSpawn() // the server is there in field initialisers
  constructor(init: ChannelInit) {
    super(init)
  }
  shout() {
    return this.server.sendToAll({ action: 'said', from: '', text: 'hey' })
  }
  rivals() {
    return [...this.server.channels].filter((other) => other !== this)
  }
  override async onClose(reason: CloseReason) {
    await this.server.farewell(this, reason)
  }
  override onDrain = () => this.shout() // an arrow field over a method
}
class Arena extends Server<Player> {
  override channelClass = Player
  spawns = 0
  nextSpawn() {
    return this.spawns++
  }
  async farewell(player: Player, { message }: CloseReason) {
    return this.sendToAll({ action: 'said', from: '', text: message }, { except: player })
  }
  override onConnect(player: Player) {
    player.spawn += 1
  }
}
declare const arena: Arena
for (const player of arena.channels) {
  same<typeof player, Player>()
  same<ReturnType<Player['rivals']>, Player[]>()
}
same<OutgoingOf<Player>, ToClient>()
arena.sendTo(arena.channels, { action: 'said', from: '', text }) satisfies number
arena.sendToAll({ action: 'said', from: '', text }, { except: [...arena.channels] })
// @ts-expect-error the wrong type of a field
arena.sendToAll({ action: 'said', from: '', text: 1 })
// @ts-expect-error a field too many
arena.sendTo([], { action: 'said', from: '', text, colour: 'red' })
// @ts-expect-error an action that is not Outgoing
arena.sendToAll({ action: 'join', name: text })
class Wrong extends Server<Player> {
  // @ts-expect-error not the channel class of this server
  override channelClass = ChatChannel
}
class NeedsMore extends Channel<Arena, ToClient> {
  constructor(init: ChannelInit, hp: number) {
    super(init)
    void hp
  }
}
class Wrong2 extends Server<NeedsMore> {
  // @ts-expect-error the server constructs it with one argument
  override channelClass = NeedsMore
}
// @ts-expect-error the parameters the wrong way round
class Swapped extends Channel<ToClient, ChatServer> {}
class Shadow extends Channel<ChatServer, ToClient> {
  // @ts-expect-error a field over the library's accessor would replace it at run time
  override id = 7
}
class Shadow2 extends Channel<ChatServer, ToClient> {
  // @ts-expect-error the same
  override server!: ChatServer
}
// A server of two kinds of channel sends only what both may get.
class Bot extends Channel<AnyArena, { action: 'tick'; n: number }> {}
class Spectator extends Channel<AnyArena, ToClient | { action: 'tick'; n: number }> {}
class AnyArena extends Server<Bot | Spectator> {}
new AnyArena().sendToAll({ action: 'tick', n: 1 })
// @ts-expect-error a Bot is not sent this
new AnyArena().sendToAll({ action: 'said', from: '', text })

// ---- Handlers ----

type Odd =
  | { action: 'chat.say' }
  | { action: 'größe' }
  | { action: '' }
  | { action: 'a' | 'b'; n: number }
  | { action: 'b'; s: string }
class Good extends Channel implements Handlers<ToServer> {
  // async; `action` is there
  async Network_join(data: MessageOf<ToServer, 'join'>) {
    same<typeof data.action, 'join'>()
    await Promise.resolve()
  }
  Network_say = (_data: unknown) => 1 // an arrow field, a wider payload, a result
  Network_other(_data: { x: number }) {} // more than the union asks for
}
class OddChannel extends Channel implements Handlers<Odd> {
  'Network_chat.say'() {}
  Network_größe() {}
  Network_() {}
  Network_a(_data: { n: number }) {}
  Network_b(_data: { n: number } | { s: string }) {} // two members of one action
}
// @ts-expect-error Network_say is missing
class Missing extends Channel implements Handlers<ToServer> {
  Network_join() {}
}
class Bad extends Channel implements Handlers<ToServer> {
  // @ts-expect-error the wrong type of a field
  Network_join(_data: { name: number }) {}
  // @ts-expect-error asks for a field that is not sent
  Network_say(_data: { text: string; colour: string }) {}
}
class Half extends Channel implements Handlers<Odd & { action: 'b' }> {
  // @ts-expect-error serves one of the two members of its action
  Network_b(_data: { s: string }) {}
}
class Untyped extends Channel implements Handlers<{ action: 'x' }> {
  // @ts-expect-error `implements` gives parameters no type (TS7006)
  Network_x(_data) {}
}
class Contextual extends Channel {
  Network_join: Handlers<ToServer>['Network_join'] = (data) => {
    same<typeof data, MessageOf<ToServer, 'join'>>()
  }
}
// @ts-expect-error private is not callable for the library
class Private extends Channel implements Handlers<{ action: 'x' }> {
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: it is what is wrong here
  private Network_x() {}
}
// @ts-expect-error without a union there is nothing to check
class Wide extends Channel implements Handlers<ReceivedMessage> {
  Network_x() {}
}
class Reserved extends Channel implements Handlers<{ action: 'error'; text: string }> {
  // @ts-expect-error lifecycle names never come from the wire
  Network_error(_data: { text: string }) {}
}

// ---- messages: type aliases, interfaces, classes; what comes in is unknown ----

interface Move {
  action: 'move'
  readonly path: readonly number[]
  note?: string
}
class Hit {
  readonly action = 'hit'
  damage = 3
}
declare const move: Move
declare const received: ReceivedMessage
declare const reason: CloseReason
encode(move)
encode(new Hit())
encode(received)
encode({ action: 'x', anything: [1, { y: null }] })
class Mover extends Channel<ChatServer, Move | Hit> {
  Network_x() {
    this.send(move)
    this.send(new Hit())
    this.send({ action: 'move', path: [] })
  }
}
// @ts-expect-error no action
encode({ name: text })
// @ts-expect-error the action is text
encode({ action: 1 })
// @ts-expect-error a Move has a path
new Client<Move>().send({ action: 'move' })
// @ts-expect-error fields of what came in are unknown
decode(new Uint8Array())['path'].length
same<NonNullable<ReturnType<typeof readMessage>>['message'], ReceivedMessage>()

// ---- the listener, typed both ways; no `override` on lifecycle handlers, one on networkReceived ----

class Typed extends ConnectionListener<ToServer> implements Handlers<ToClient>, LifecycleHandlers {
  Network_connected() {
    this.send({ action: 'join', name: 'Ada' })
  }
  Network_said = (data: ToClient) => data.from
  Network_disconnected = ({ reason }: { reason: CloseReason }) => reason.code === 'PEER_CLOSED'
  override networkReceived(data: ReceivedMessage) {
    void data['field']
  }
}
// @ts-expect-error not a message to the server
new Typed().send({ action: 'said' })
class BadLifecycle extends ConnectionListener implements LifecycleHandlers {
  // @ts-expect-error the data is { error }
  Network_error(_data: { reason: string }) {}
}
// @ts-expect-error a reason has the bare name
void (reason.code === 'REPOD_ERR_PEER_CLOSED')
// @ts-expect-error an error has the prefix
new RepodError('PEER_CLOSED', '')

// ---- options, disposal, iteration, schemas ----

declare const signal: AbortSignal | undefined
await new Server({ port: undefined }).start({ signal }) // `| undefined` in options
// @ts-expect-error an unknown option
new Server({ prot: 1 })
// @ts-expect-error not a transport
new Server({ transport: 'udp' })
// @ts-expect-error what a server counts is not written to
new Server().stats().dropped = 1
{
  await using client = new Client<ToServer, ToClient>()
  for await (const message of client) same<typeof message, ToClient>()
  for await (const message of new Client()) same<typeof message.text, unknown>()
}

// ---- ports, the log, diagnostics, limits ----

declare const port: ReturnType<Player['sender']>
same<typeof port, MessagePort>()
same<ReturnType<Client['sender']>, MessagePort>()
new Worker('./bot.js', { workerData: { port }, transferList: [port] })
port.postMessage({ action: 'said', from: '', text })
class Told extends Client<ToServer> {
  override onError(error: RepodError) {
    void (error.code === 'REPOD_ERR_EVICTED')
  }
  // @ts-expect-error it is told an error, not a reason
  override onDrain(_reason: CloseReason) {}
}
configureLogging({ level: 'warn' })
configureLogging({ level: 'silent', logger: undefined })
// @ts-expect-error not a level
configureLogging({ level: 'loud' })
// @ts-expect-error there is always a level
configureLogging({})
declare const pino: {
  debug(fields: unknown, text?: string, ...args: unknown[]): void
  info(fields: unknown, text?: string, ...args: unknown[]): void
  warn(fields: unknown, text?: string, ...args: unknown[]): void
  error(fields: unknown, text?: string, ...args: unknown[]): void
  fatal(fields: unknown, text?: string): void
}
new Server({ logger: pino, maxConnections: 0, exemptLoopback: false, reusePort: true, backlog: 8 })
new ConnectionListener({ logger: pino, logLines: 1 })
pino satisfies Logger
// @ts-expect-error console.log alone is no logger
new Client({ logger: console.log })
// @ts-expect-error a yes or a no
new Server({ reusePort: 1 })
const { refusedBy, bufferedBytes, inboundBytes, logLinesLeftOut } = new Server().stats()
same<typeof refusedBy.maxConnectionsPerIp, number>()
void (bufferedBytes + inboundBytes + logLinesLeftOut)
// @ts-expect-error what a server counts is not written to
refusedBy.maxConnections = 1
void (reason.code === 'EVICTED')
// @ts-expect-error a refused connection never was one, and has no reason
void (reason.code === 'REFUSED')
declare const closing: CloseEvent
same<typeof closing.reason, CloseReason>()
// @ts-expect-error a client's connection has no channel
closing.channel.toString()

// A schema per action gives the union: nothing of it is built yet, today's generics leave it room.
interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly types?: { readonly output: Output } | undefined
  }
}
type MessagesOf<Table extends Readonly<Record<string, StandardSchema>>> = {
  [A in keyof Table & string]: Table[A] extends StandardSchema<infer Fields>
    ? { readonly action: A } & Fields
    : never
}[keyof Table & string]
declare const schemas: {
  join: StandardSchema<{ name: string }>
  say: StandardSchema<{ text: string }>
}
class Checked
  extends Channel<ChatServer, ToClient>
  implements Handlers<MessagesOf<typeof schemas>>
{
  Network_join(_data: { name: string }) {}
  Network_say(data: MessageOf<MessagesOf<typeof schemas>, 'say'>) {
    void data.text
  }
}

export {
  Bad,
  BadLifecycle,
  Checked,
  Contextual,
  Good,
  Half,
  Missing,
  Mover,
  OddChannel,
  Private,
  Reserved,
  Shadow,
  Shadow2,
  Swapped,
  Told,
  Untyped,
  Wide,
  Wrong,
  Wrong2,
}
