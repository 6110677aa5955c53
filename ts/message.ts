/**
 * What may be sent. `any`, not `unknown`: an interface or a class instance has no index signature of
 * its own and is assignable to `[field: string]: any` alone; without an index signature a literal
 * `{ action: 'x', y: 1 }` would be an excess property error.
 */
export interface Message {
  readonly action: string
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly [field: string]: any
}

/** What came in. The peer wrote it: nothing but `action` is known. May be sent on as it is. */
export interface ReceivedMessage {
  readonly action: string
  readonly [field: string]: unknown
}
