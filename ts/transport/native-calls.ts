/**
 * The calls of the addon: free functions and flat numbers. `crates/repod-napi` exports exactly
 * these; `addon.ts` alone loads them.
 */
export type Engine = { readonly engine: unique symbol }

export interface NativeCalls {
  abiVersion(): number
  /**
   * Starts the engine's thread. `ring` and `page` are lent until `close`; `settings` are ENGINE and
   * the environment's options in the order of SETTINGS. `wake` is called, at most once per sleep.
   */
  open(ring: Uint8Array, page: Int32Array, settings: Float64Array, wake: () => void): Engine
  /** The counters of connections `page * PAGE_CONNECTIONS` and on. */
  lendPage(engine: Engine, page: number, words: Int32Array): void
  lendChunk(engine: Engine, chunk: number, memory: Uint8Array): void
  /** Gives a chunk back to JS, once its done count equals the ranges handed over. */
  returnChunk(engine: Engine, chunk: number): void
  /** Gives back what was read up to `consumed`, says how far may be read. */
  take(engine: Engine, consumed: number, maySleep: boolean): number
  flush(engine: Engine, chunk: number, from: number, to: number): void
  /** Copies a held payload and drops it; false if it is gone. */
  fetch(engine: Engine, held: number, into: Uint8Array): boolean
  dropHeld(engine: Engine, held: number): void
  /** Stops and joins the thread, waiting at most `timeout` ms (0: as long as it takes). */
  close(engine: Engine, timeout: number): void
}

/** The order of `settings`. */
export const SETTINGS = [
  'heldBytes',
  'codegen',
  'messagesPerPass',
  'commitBytes',
  'readBytes',
  'maxShapes',
  'maxShapesPerConnection',
  'maxShapeFields',
  'maxShapeDepth',
  'shapeSightings',
] as const
