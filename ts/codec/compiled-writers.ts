/**
 * The writers that are compiled for what is sent again and again: see writer-source.ts. They hang on
 * the places where the orders of keys end; here is their number bounded, and who goes when one more
 * would be too many.
 */
import { codegenAllowed } from './codegen.js'
import type { KeyPlace, KeyTree } from './key-tree.js'
import { type MessageShape, shapeOf } from './writer-shape.js'
import { PARTS, writerSource } from './writer-source.js'

/** Writes the payload of the message at the walk's place. */
export type Write = (walk: object, message: object) => void

/** What sources call, by their names. */
export type Parts = { readonly [Name in (typeof PARTS)[number]]: unknown }

export interface CompiledWriter {
  readonly write: Write
  /** What a limit must allow for it. */
  readonly depth: number
  readonly keyBytes: number
  readonly actionBytes: number
  readonly place: KeyPlace
  /** Objects that it wrote, and those among them that it left to the walk. */
  hits: number
  misses: number
  wasUsed: boolean
}

/** Writers at once: more than a game has kinds of messages. */
const MAX_WRITERS = 256
/** Messages of an order of keys until a writer is worth its making. */
const SIGHTINGS = 4
/** Until it is made although an array of the message is empty. */
const PATIENCE = 64
/** Messages between two evictions: what changes all the time is not worth it. */
const EVERY = 65_536
/** From so many misfits on a writer goes that has more than a quarter of them. */
const MISFITS = 64

export class CompiledWriters {
  readonly #parts: Parts
  readonly #tree: KeyTree
  #root: KeyPlace
  readonly #writers: CompiledWriter[] = []
  #hand = 0
  /** Messages seen by `learn`, at the last eviction and now. */
  #evictedAt = -EVERY
  #messages = 0
  #isAllowed: boolean | undefined

  constructor(tree: KeyTree, parts: Parts) {
    this.#tree = tree
    this.#root = tree.root
    this.#parts = parts
  }

  get size(): number {
    return this.#writers.length
  }

  /** `message`, whose keys end at `place`, was written by the walk. */
  learn(place: KeyPlace, message: object): void {
    this.#messages++
    if (++place.sightings < SIGHTINGS || this.#isAllowed === false) return
    if (this.#root !== this.#tree.root) this.#forget()
    const isFull = this.#writers.length === MAX_WRITERS
    if (isFull && this.#messages - this.#evictedAt < EVERY) return
    const shape = shapeOf(message)
    if (shape === undefined) place.sightings = NEVER
    else if (shape.isComplete || place.sightings >= PATIENCE) {
      this.#isAllowed ??= codegenAllowed()
      if (!this.#isAllowed) return
      if (isFull) this.#evict()
      this.#add(place, shape)
    }
  }

  /** After each use: a writer that does not fit costs more than it saves. */
  judge(writer: CompiledWriter): void {
    writer.wasUsed = true
    writer.hits++
    if (writer.misses < MISFITS || writer.misses * 4 < writer.hits) return
    this.#writers.splice(this.#writers.indexOf(writer), 1)
    this.#drop(writer)
  }

  #add(place: KeyPlace, shape: MessageShape): void {
    const parts = PARTS.map((name) => this.#parts[name])
    const write = new Function(...PARTS, writerSource(shape))(...parts) as Write
    const { depth, keyBytes } = shape
    const actionBytes = Buffer.byteLength(shape.action)
    const use = { hits: 0, misses: 0, wasUsed: true }
    place.writer = { write, depth, keyBytes, actionBytes, place, ...use }
    this.#writers.push(place.writer)
  }

  /** Goes round as a clock's hand, and takes one that was not used since it passed. */
  #evict(): void {
    this.#evictedAt = this.#messages
    for (;;) {
      this.#hand %= this.#writers.length
      const writer = this.#writers[this.#hand] as CompiledWriter
      if (!writer.wasUsed) {
        this.#writers.splice(this.#hand, 1)
        this.#drop(writer)
        return
      }
      writer.wasUsed = false
      this.#hand++
    }
  }

  #drop({ place }: CompiledWriter): void {
    place.writer = undefined
    place.sightings = NEVER
  }

  /** The tree began anew: nothing leads to the writers any more. */
  #forget(): void {
    this.#root = this.#tree.root
    this.#writers.length = 0
  }
}

/** Far below SIGHTINGS: until the tree begins anew, for all that matters. */
const NEVER = -(2 ** 30)
