/** What a handler class is checked against: types alone, nothing of this is there at run time. */
import type { CloseReason, RepodError } from './errors.js'
import type { Message } from './message.js'

/** Actions of the lifecycle: never dispatched from the wire to a `Network_…` method. */
export type ReservedAction = 'connected' | 'disconnected' | 'error' | 'socketConnect'

/**
 * The members of a union that have this action. Not `Extract`: that gives `never` for a member
 * `{ action: 'a' | 'b' }`.
 */
export type MessageOf<M extends Message, A extends M['action'] = M['action']> = M extends unknown
  ? A extends M['action']
    ? M
    : never
  : never

/**
 * `implements Handlers<Union>`: every action of the union has its method. Remapping the members
 * themselves merges two members of one action into `data: X | Y`. A property, not a method
 * signature, so that its parameter is checked strictly; it returns `unknown`, since a handler may be
 * async, or an arrow with a value.
 */
export type Handlers<Union extends Message> = {
  [Each in Union as `Network_${Each['action']}`]: Each['action'] extends ReservedAction
    ? `'${Each['action']}' is a lifecycle action and is never dispatched from the wire: use networkReceived`
    : (data: Each) => unknown
}

/**
 * `implements LifecycleHandlers` checks and completes a ConnectionListener's own events. Optional,
 * and not declared on the base class: whatever that declares would need `override`.
 */
export interface LifecycleHandlers {
  /** TCP is up, the server has not greeted yet. */
  Network_socketConnect?(): unknown
  /** The server greeted us: `connect()` resolves. */
  Network_connected?(): unknown
  Network_disconnected?(data: { readonly reason: CloseReason }): unknown
  /** Connecting failed, the peer broke the wire format, or a handler threw. */
  Network_error?(data: { readonly error: RepodError }): unknown
}
