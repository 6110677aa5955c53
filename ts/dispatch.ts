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
    const handler = name === undefined ? undefined : methodOf(receiver, name)
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

const everyObject = Object.prototype as unknown as Record<string, unknown>

const PREFIX = 'Network_'

const RESERVED: Readonly<Record<ReservedAction, true>> = {
  connected: true,
  disconnected: true,
  error: true,
  socketConnect: true,
}

/**
 * Method names by action, interned: a peer that invents actions fills the map once, and what comes
 * after is joined anew each time.
 */
export class Names {
  readonly #capacity: number
  readonly #byAction = new Map<string, string | undefined>()

  constructor(capacity: number) {
    this.#capacity = capacity
    for (const action of Object.keys(RESERVED)) this.#byAction.set(action, undefined)
  }

  get size(): number {
    return this.#byAction.size
  }

  /** `undefined` for the actions of the lifecycle. */
  of(action: string): string | undefined {
    const name = this.#byAction.get(action)
    if (name !== undefined || Object.hasOwn(RESERVED, action)) return name
    const joined = PREFIX + action
    if (this.#byAction.size < this.#capacity) this.#byAction.set(action, joined)
    return joined
  }
}

const names = new Names(1_024)
