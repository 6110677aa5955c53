import { Buffer } from 'node:buffer'
import { integerAt } from './integers.js'

/** Up to so many entries each key of a map is compared with those before it; beyond: a Set. */
const SMALL = 16
const MARK = 0
const START = 1
const END = 2
const WORDS = 3

const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * The keys of the maps that a walk has open, and whether one comes twice in its map. Keys are
 * compared as the text that they become: the integer 1 and the text `1` are one key.
 */
export class KeyList {
  #bytes: Uint8Array = NOTHING
  /** The same bytes, made when a text of them is needed. */
  #buffer: Buffer | undefined
  /** Of small maps, the inner ones behind the outer ones: a mark, and where the text stands. */
  #words = new Int32Array(64 * WORDS)
  #used = 0
  /** Where those of the innermost map begin. */
  #first = 0
  /** Of the innermost map, if it is big or has an integer among its keys. */
  #texts: Set<string> | undefined
  /** The same of the maps around it. */
  readonly #firsts: number[] = []
  readonly #outerTexts: (Set<string> | undefined)[] = []

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#buffer = undefined
  }

  /** Forgets the maps that a fault left open. */
  end(): void {
    this.begin(NOTHING)
    this.#used = 0
    this.#first = 0
    this.#texts = undefined
    this.#firsts.length = 0
    this.#outerTexts.length = 0
  }

  open(count: number): void {
    this.#firsts.push(this.#first)
    this.#outerTexts.push(this.#texts)
    this.#first = this.#used
    this.#texts = count > SMALL ? new Set() : undefined
  }

  close(): void {
    this.#used = this.#first
    this.#first = this.#firsts.pop() as number
    this.#texts = this.#outerTexts.pop()
  }

  /** False: the map has it already. */
  addText(start: number, end: number): boolean {
    if (this.#texts !== undefined) return this.#addToSet(this.#textOf(start, end))
    const mark = this.#markOf(start, end)
    const words = this.#words
    for (let at = this.#first; at < this.#used; at += WORDS) {
      if (words[at + MARK] === mark && this.#equals(at, start, end)) return false
    }
    if (this.#used === words.length) this.#grow()
    const at = this.#used
    this.#words[at + MARK] = mark
    this.#words[at + START] = start
    this.#words[at + END] = end
    this.#used = at + WORDS
    return true
  }

  addInteger(at: number): boolean {
    this.#texts ??= this.#textsSoFar()
    return this.#addToSet(String(integerAt(this.#bytes, at)))
  }

  #addToSet(text: string): boolean {
    const texts = this.#texts as Set<string>
    const { size } = texts
    return texts.add(text).size > size
  }

  #textsSoFar(): Set<string> {
    const texts = new Set<string>()
    for (let at = this.#first; at < this.#used; at += WORDS) {
      texts.add(this.#textOf(this.#words[at + START] as number, this.#words[at + END] as number))
    }
    return texts
  }

  #textOf(start: number, end: number): string {
    this.#buffer ??= Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
    return this.#buffer.toString('utf8', start, end)
  }

  /** Equal for equal texts, and cheap: the length, the first, the middle and the last byte. */
  #markOf(start: number, end: number): number {
    const length = end - start
    if (length === 0) return 0
    const bytes = this.#bytes
    const first = bytes[start] as number
    const middle = bytes[start + (length >> 1)] as number
    return (length << 24) | (first << 16) | (middle << 8) | (bytes[end - 1] as number)
  }

  #equals(at: number, start: number, end: number): boolean {
    const bytes = this.#bytes
    const other = this.#words[at + START] as number
    const length = end - start
    if ((this.#words[at + END] as number) - other !== length) return false
    for (let index = 0; index < length; index++) {
      if (bytes[start + index] !== bytes[other + index]) return false
    }
    return true
  }

  #grow(): void {
    const grown = new Int32Array(this.#words.length * 2)
    grown.set(this.#words)
    this.#words = grown
  }
}
