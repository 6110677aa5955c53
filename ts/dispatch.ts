/** From an action to a method: the only file that knows `Network_` + action. */
import type { ReservedAction } from './handlers.js'
import type { ReceivedMessage } from './message.js'

/** What messages and events are dispatched to: a Channel or a ConnectionListener. */
export interface Receiver {
  networkReceived(data: ReceivedMessage): unknown
}

/** Who answers for a handler: told when it throws or its promise rejects. */
export interface Answerable {
  handlerFailed(error: unknown): void
}

/**
 * Calls `Network_` + action, looked up on the instance now, so that later assignments and spies
 * count; `networkReceived` where there is none. True when a method of that name was there.
 */
export function dispatch(
  receiver: Receiver,
  action: string,
  message: ReceivedMessage,
  answerable: Answerable,
): boolean {
  try {
    const name = names.of(action)
    const handler = name === undefined ? undefined : handlerOf(receiver, name)
    if (handler === undefined) {
      contain(receiver.networkReceived(message), answerable)
      return false
    }
    contain(handler.call(receiver, message), answerable)
  } catch (error) {
    answerable.handlerFailed(error)
  }
  return true
}

/** Calls the method of a lifecycle event, which no message reaches; false where there is none. */
export function notify(
  receiver: Receiver,
  event: ReservedAction,
  data: object | undefined,
  answerable: Answerable,
): boolean {
  try {
    const handler = methodOf(receiver, PREFIX + event)
    if (handler === undefined) return false
    contain(data === undefined ? handler.call(receiver) : handler.call(receiver, data), answerable)
  } catch (error) {
    answerable.handlerFailed(error)
  }
  return true
}

/** Whether there is a method for the event; asked without calling a getter. */
export function listensTo(receiver: Receiver, event: ReservedAction): boolean {
  return PREFIX + event in receiver
}

/** Calls a hook; neither a throw nor a rejection gets past it. */
export function guard(hook: () => unknown, answerable: Answerable): void {
  try {
    contain(hook(), answerable)
  } catch (error) {
    answerable.handlerFailed(error)
  }
}

/** A handler may be async: its rejection is its failure. */
function contain(result: unknown, answerable: Answerable): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return
  Promise.resolve(result).then(undefined, (error: unknown) => answerable.handlerFailed(error))
}

type Method = (this: Receiver, data?: object) => unknown

function methodOf(receiver: Receiver, name: string): Method | undefined {
  const method = (receiver as unknown as Record<string, unknown>)[name]
  if (typeof method !== 'function') return undefined
  // Nobody's handler: whoever polluted Object.prototype does not get messages.
  if (method === everyObject[name]) return undefined
  return method as Method
}

/** As `methodOf`; the function that a name led to last is not looked up a second time. */
function handlerOf(receiver: Receiver, name: MethodName): Method | undefined {
  const method = (receiver as unknown as Record<string, unknown>)[name.text]
  if (method !== undefined && method === name.last) return name.last
  name.last = methodOf(receiver, name.text)
  return name.last
}

const everyObject = Object.prototype as unknown as Record<string, unknown>

const PREFIX = 'Network_'

const RESERVED: Readonly<Record<ReservedAction, true>> = {
  connected: true,
  disconnected: true,
  error: true,
  socketConnect: true,
}

export interface MethodName {
  readonly text: string
  /** A method that was found by it, and is nobody else's: see `methodOf`. */
  last: Method | undefined
}

/**
 * Method names by action, interned: a peer that invents actions fills the map once, and what comes
 * after is joined anew each time.
 */
export class Names {
  readonly #capacity: number
  readonly #byAction = new Map<string, MethodName | undefined>()
  /** Most messages have the action of the one before. */
  #lastAction: string | undefined
  #lastName: MethodName | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
    for (const action of Object.keys(RESERVED)) this.#byAction.set(action, undefined)
  }

  get size(): number {
    return this.#byAction.size
  }

  /** `undefined` for the actions of the lifecycle. */
  of(action: string): MethodName | undefined {
    if (action === this.#lastAction) return this.#lastName
    const known = this.#byAction.get(action)
    if (known === undefined && Object.hasOwn(RESERVED, action)) return undefined
    const name = known ?? this.#join(action)
    this.#lastAction = action
    this.#lastName = name
    return name
  }

  #join(action: string): MethodName {
    const name = { text: asKey(PREFIX + action), last: undefined }
    if (this.#byAction.size < this.#capacity) this.#byAction.set(action, name)
    return name
  }
}

/** The same text as property names are kept: looking it up in an object needs no hash of it then. */
function asKey(text: string): string {
  const [key = text] = Object.keys({ [text]: 0 })
  return key
}

const names = new Names(1_024)
