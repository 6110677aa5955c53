/**
 * A bounded memory of keys in the order in which objects have them. Objects of a game repeat a few
 * orders of keys, so the key that comes is nearly always the one that came in this place before:
 * one comparison finds its msgpack bytes, ready as words.
 */
import { Buffer } from 'node:buffer'
import type { CompiledWriter } from './compiled-writers.js'

/** Keys known at once, each in its place: about 200 bytes each. */
const MAX_KEYS = 4096
/** A longer key is written out each time. */
export const MAX_KEY_BYTES = 63
/** Keys turned away before all is forgotten, so that what repeats now is learnt at last. */
const MAX_REFUSALS = 65_536

/** A place in an order of keys: the key that came here first, and those that came instead. */
export class KeyPlace {
  key: string | undefined = undefined
  /** The key as a msgpack str: `size` bytes, in little-endian words, the last one padded. */
  words: readonly number[] = []
  size = 0
  /** Bytes of the key's text. */
  textSize = 0
  /** Where the next key is looked up. */
  next: KeyPlace = this
  others: Map<string, KeyPlace> | undefined = undefined
  /** Messages whose keys end here, and the writer for those that look like the last of them. */
  sightings = 0
  writer: CompiledWriter | undefined = undefined
}

/** The place after a key that is not known: nothing is learnt from here on. */
export const NOWHERE: KeyPlace = Object.freeze(new KeyPlace())

export class KeyTree {
  root: KeyPlace = new KeyPlace()
  #keys = 0
  #refusals = 0

  /** Where an object with keys in this order ends; undefined where that is not known. */
  end(object: object): KeyPlace | undefined {
    let place: KeyPlace | undefined = this.root
    for (const key in object) {
      if (!hasOwn.call(object, key)) return undefined
      const known: KeyPlace | undefined = place.key === key ? place : place.others?.get(key)
      if (known === undefined) return undefined
      place = known.next
    }
    return place
  }

  /** What is known of `key`, which is not `place.key`; undefined: write it out. */
  find(place: KeyPlace, key: string): KeyPlace | undefined {
    if (place === NOWHERE) return undefined
    const known = place.others?.get(key)
    return known ?? this.#learn(place, key)
  }

  #learn(place: KeyPlace, key: string): KeyPlace | undefined {
    if (this.#keys === MAX_KEYS) {
      if (++this.#refusals < MAX_REFUSALS) return undefined
      this.root = new KeyPlace()
      this.#keys = 0
      this.#refusals = 0
      return undefined
    }
    // A lone surrogate would not come back as it was: the writer looks at such keys each time.
    if (key.length > MAX_KEY_BYTES || key === '__proto__' || !isWellFormed(key)) return undefined
    const text = Buffer.from(key)
    if (text.length > MAX_KEY_BYTES) return undefined
    this.#keys++
    const known = place.key === undefined ? place : new KeyPlace()
    if (known !== place) {
      place.others ??= new Map()
      place.others.set(key, known)
    }
    known.key = key
    known.textSize = text.length
    known.size = text.length + (text.length < 32 ? 1 : 2)
    known.words = wordsOf(text, known.size)
    known.next = new KeyPlace()
    return known
  }
}

const hasOwn = Object.prototype.hasOwnProperty

export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

/** Each lone surrogate replaced, as the encoder does. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

function wordsOf(text: Buffer, size: number): number[] {
  const padded = Buffer.alloc((size + 3) & ~3)
  if (text.length < 32) padded[0] = 0xa0 | text.length
  else padded.set([0xd9, text.length])
  padded.set(text, size - text.length)
  return Array.from({ length: padded.length / 4 }, (_, index) => padded.readInt32LE(index * 4))
}
