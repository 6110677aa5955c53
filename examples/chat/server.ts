/** A chat with rooms: `node build/examples/chat/server.js`, then clients in terminals of their own. */
import { Channel, type Handlers, Server } from 'repod'
import { PORT, type ToClient, type ToServer } from './messages.js'

const NAME_LENGTH = 20
const TEXT_LENGTH = 500

/** The fields of a message before anybody has looked at them: types do not travel. */
type Unchecked<T> = { readonly [Field in keyof T]: unknown }
type Said<Action> = Unchecked<Extract<ToServer, { action: Action }>>

class Chatter extends Channel<Chat, ToClient> implements Handlers<ToServer> {
  name = ''
  room = ''

  Network_join(data: Said<'join'>): unknown {
    if (this.name !== '') return this.#refuse('you have a name already')
    const name = printable(data.name, NAME_LENGTH)
    if (name === '') return this.#refuse('a name, please')
    if (this.server.find(name)) return this.#refuse(`${name} is taken`)
    this.name = name
    return this.#enter(data.room)
  }

  Network_go(data: Said<'go'>): unknown {
    if (this.name === '') return this.#refuse('a name first, please')
    this.#leave()
    return this.#enter(data.room)
  }

  Network_say(data: Said<'say'>): unknown {
    if (this.room === '') return this.#refuse('a name first, please')
    const text = printable(data.text, TEXT_LENGTH)
    if (text === '') return this.#refuse('nothing to read')
    return this.server.tell(this.room, { action: 'said', name: this.name, text })
  }

  /** However the connection ended: the room hears of it once. */
  override onClose(): void {
    this.#leave()
  }

  #enter(room: unknown): number {
    const chosen = printable(room, NAME_LENGTH) || 'lobby'
    this.server.tell(chosen, { action: 'came', name: this.name })
    this.room = chosen
    const people = this.server.peopleIn(chosen).map(({ name }) => name)
    return this.send({ action: 'entered', room: chosen, people })
  }

  #leave(): void {
    const left = this.room
    this.room = ''
    if (left !== '') this.server.tell(left, { action: 'went', name: this.name })
  }

  #refuse(why: string): number {
    return this.send({ action: 'refused', why })
  }
}

class Chat extends Server<Chatter> {
  override channelClass = Chatter

  peopleIn(room: string): Chatter[] {
    return [...this.channels].filter((each) => each.room === room)
  }

  find(name: string): Chatter | undefined {
    return [...this.channels].find((each) => each.name === name)
  }

  /** A room is whoever is in it: it needs no list of its own, and is gone with the last of them. */
  tell(room: string, message: ToClient): number {
    return this.sendTo(this.peopleIn(room), message)
  }
}

/** Others' terminals will show it, so nothing that moves a cursor gets through. */
function printable(value: unknown, length: number): string {
  if (typeof value !== 'string') return ''
  // Cut first: half an emoji is of that kind too.
  return value.slice(0, length).replace(/\p{C}/gu, '').trim()
}

const chat = new Chat({ port: PORT })
const { host, port } = await chat.start()
console.log(`chat on ${host}:${port} (${chat.transport})`)
await chat.launch()
