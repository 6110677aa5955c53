/**
 * One run of the engine: its thread and the memory lent to it. After `close` every call is harmless,
 * as a program may go on calling in its `exit` handlers.
 */
import { ENGINE, type EndpointOptions } from '../options.js'
import { ENGINE_PAGE, ENGINE_PAGE_WORDS } from '../tape/layout.js'
import type { ChunkLink } from './chunks.js'
import { type Engine, type NativeCalls, SETTINGS } from './native-calls.js'

export type EngineMemory = Pick<EndpointOptions, 'ringBytes' | 'heldBytes' | 'codegen'>

export class EngineLink implements ChunkLink {
  readonly ring: SharedArrayBuffer
  readonly #calls: NativeCalls
  readonly #page = new Int32Array(new SharedArrayBuffer(4 * ENGINE_PAGE_WORDS))
  #engine: Engine | undefined

  constructor(calls: NativeCalls, memory: EngineMemory, wake: () => void) {
    this.#calls = calls
    this.ring = takeSpare(memory.ringBytes) ?? new SharedArrayBuffer(memory.ringBytes)
    const values = { ...ENGINE, heldBytes: memory.heldBytes, codegen: memory.codegen ? 1 : 0 }
    const settings = Float64Array.from(SETTINGS, (name) => values[name])
    this.#engine = calls.open(new Uint8Array(this.ring), this.#page, settings, wake)
    // An environment's end joins the thread by itself, but not at `process.exit` or a throw.
    process.once('exit', this.#onExit)
  }

  /** Turns of the engine's loop. */
  get turns(): number {
    return Atomics.load(this.#page, ENGINE_PAGE.turns) >>> 0
  }

  /** The position up to which the ring may be read. */
  take(consumed: number, maySleep: boolean): number {
    if (this.#engine === undefined) return consumed
    return this.#calls.take(this.#engine, consumed, maySleep)
  }

  lendPage(page: number, words: Int32Array): void {
    if (this.#engine !== undefined) this.#calls.lendPage(this.#engine, page, words)
  }

  lend(chunk: number, memory: Uint8Array): void {
    if (this.#engine !== undefined) this.#calls.lendChunk(this.#engine, chunk, memory)
  }

  takeBack(chunk: number): void {
    if (this.#engine !== undefined) this.#calls.returnChunk(this.#engine, chunk)
  }

  handOver(chunk: number, from: number, to: number): void {
    if (this.#engine !== undefined) this.#calls.flush(this.#engine, chunk, from, to)
  }

  fetch(held: number, into: Uint8Array): boolean {
    return this.#engine !== undefined && this.#calls.fetch(this.#engine, held, into)
  }

  dropHeld(held: number): void {
    if (this.#engine !== undefined) this.#calls.dropHeld(this.#engine, held)
  }

  /** Joins the thread, however long it takes: it waits for nothing that JS would have to do. */
  close(): void {
    process.removeListener('exit', this.#onExit)
    this.#end(0)
    spare = this.ring
  }

  readonly #onExit = (): void => this.#end(ENGINE.exitTimeout)

  #end(timeout: number): void {
    const engine = this.#engine
    this.#engine = undefined
    if (engine !== undefined) this.#calls.close(engine, timeout)
  }
}

/**
 * The ring of the run before, which nobody reads or writes any more. A program that starts and stops
 * over and over would else leave a megabyte each time for the collector to find.
 */
let spare: SharedArrayBuffer | undefined

function takeSpare(bytes: number): SharedArrayBuffer | undefined {
  const ring = spare
  spare = undefined
  return ring?.byteLength === bytes ? ring : undefined
}
