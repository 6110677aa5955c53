/**
 * From flat numbers to plain objects: a reader per shape, compiled once. What a reader builds is an
 * object literal, so V8 gives all messages of a shape one hidden class. It knows no socket.
 *
 * Measured on Node 20, ns per message: five numbers 10-14, ten players of seven fields about 200.
 */

import type { ReceivedMessage } from '../message.js'
import { ENGINE } from '../options.js'
import { SHORT_TEXT, TYPE } from './layout.js'
import { type ObjectShape, parseShape, type ShapeType } from './shapes.js'

/** The part of Buffer that cuts Latin-1 text out of memory; faster than `toString('latin1')`. */
export interface Latin1Source {
  latin1Slice(start: number, end: number): string
}

export interface TapeReader {
  readonly action: string
  readonly read: ReadTape
}

/**
 * Reads one record: its ints begin at `ints[i]`, its doubles at `doubles[d]`, its short text, of
 * `shortBytes`, at byte `text` of `bytes`, and its long text right behind that.
 */
export type ReadTape = (
  ints: Int32Array,
  i: number,
  doubles: Float64Array,
  d: number,
  bytes: Latin1Source,
  text: number,
  shortBytes: number,
) => ReceivedMessage

/** Readers by description: a shape that is defined again, under whatever id, compiles nothing. */
export class TapeReaders {
  readonly #readers = new Map<string, TapeReader>()

  /** `description` may be shared memory: nothing of it is kept. */
  of(description: Uint8Array): TapeReader {
    const name = Buffer.from(description).toString('latin1')
    let reader = this.#readers.get(name)
    // Found or new, it becomes the youngest: a Map iterates in order of insertion.
    if (reader !== undefined) this.#readers.delete(name)
    else reader = compile(description)
    this.#readers.set(name, reader)
    if (this.#readers.size > MAX_READERS) {
      for (const oldest of this.#readers.keys()) {
        this.#readers.delete(oldest)
        break
      }
    }
    return reader
  }

  get size(): number {
    return this.#readers.size
  }
}

/** Twice what the engine holds at a time; the oldest goes first. */
const MAX_READERS = 2 * ENGINE.maxShapes

function compile(description: Uint8Array): TapeReader {
  const shape = parseShape(description)
  const source = readerSource(shape.root)
  const read = new Function('I', 'i', 'D', 'd', 'B', 't', 'n', source) as ReadTape
  return { action: shape.action, read }
}

/**
 * The body of a reader. Ints and doubles are addressed relative to a base that stays where it is
 * (`I[i+3]`), so most of a message is one literal; texts and arrays, whose length moves what
 * follows, become statements in front of it, in the order of the record.
 *
 * From the peer come only keys and the action; they enter through JSON.stringify.
 */
export function readerSource(root: ObjectShape): string {
  const writer = new SourceWriter()
  const literal = writer.value(root)
  return `${writer.prologue()}${writer.takeStatements()}return ${literal}`
}

/** Characters of a record's text of which one kept text may keep the others alive. */
const SMALL_TEXT = 256

class SourceWriter {
  #statements = ''
  #int: Cursor = { base: 'i', offset: 0 }
  #double: Cursor = { base: 'd', offset: 0 }
  #names = 0
  #hasText = false
  /** Lengths of the texts before any array; behind one, their places move. */
  readonly #lengths: string[] = []
  #hasMovingText = false

  /**
   * `S` is the short text, and all of the text where that is little: cut out of the memory once,
   * whatever part of it the program keeps then pins nothing to speak of. `l` is where the long text
   * goes on, in `S` or, behind its end, in the memory.
   */
  prologue(): string {
    if (!this.#hasText) return ''
    if (this.#hasMovingText) return `const S=n===0?'':B.latin1Slice(t,t+n);let s=0,l=n,e=n;`
    const long = this.#lengths.map((length) => `(${length}>${SHORT_TEXT}?${length}:0)`)
    return (
      `let e=n+${long.join('+')};if(e>${SMALL_TEXT})e=n;` +
      `const S=e===0?'':B.latin1Slice(t,t+e);let s=0,l=n;`
    )
  }

  takeStatements(): string {
    const statements = this.#statements
    this.#statements = ''
    return statements
  }

  /** An expression for the value; what must run before it is added to the statements. */
  value(shape: ShapeType): string {
    switch (shape.type) {
      case TYPE.I32:
        return `I[${next(this.#int)}]`
      case TYPE.F64:
        return `D[${next(this.#double)}]`
      case TYPE.BOOLEAN:
        return `I[${next(this.#int)}]!==0`
      case TYPE.NIL:
        return 'null'
      case TYPE.EMPTY_ARRAY:
        return '[]'
      case TYPE.CONSTANT:
        return JSON.stringify(shape.text)
      case TYPE.TEXT:
        return this.#text()
      case TYPE.ARRAY:
        return this.#array(shape.element)
      case TYPE.OBJECT: {
        const fields = shape.fields.map(
          ({ key, value }) => `${JSON.stringify(key)}:${this.value(value)}`,
        )
        return `{${fields.join(',')}}`
      }
    }
  }

  /**
   * A substring of up to 12 characters is a copy; a longer one is a slice that keeps the whole text
   * alive, so where there is much of it a long text is cut out of the memory by itself.
   */
  #text(): string {
    this.#hasText = true
    const id = this.#names++
    const length = `I[${next(this.#int)}]`
    if (this.#int.base === 'i') this.#lengths.push(length)
    else this.#hasMovingText = true
    this.#statements +=
      `const m${id}=${length},x${id}=m${id}<=${SHORT_TEXT}?S.substring(s,s+=m${id}):` +
      `l<e?S.substring(l,l+=m${id}):B.latin1Slice(t+l,t+(l+=m${id}));`
    return `x${id}`
  }

  #array(element: ShapeType): string {
    const id = this.#names++
    const before = this.takeStatements()
    const count = next(this.#int)
    const int = this.#int
    const double = this.#double
    this.#int = { base: `i${id}`, offset: 0 }
    this.#double = { base: `d${id}`, offset: 0 }
    const item = this.value(element)
    const body =
      `${this.takeStatements()}a${id}[k${id}]=${item};` +
      `i${id}=${place(this.#int)};d${id}=${place(this.#double)}`
    this.#statements =
      `${before}const n${id}=I[${count}],a${id}=new Array(n${id});` +
      `let i${id}=${place(int)},d${id}=${place(double)};` +
      `for(let k${id}=0;k${id}<n${id};k${id}++){${body}}`
    this.#int = { base: `i${id}`, offset: 0 }
    this.#double = { base: `d${id}`, offset: 0 }
    return `a${id}`
  }
}

/** Where the next int or double stands: a variable of the reader, and a distance from it. */
interface Cursor {
  readonly base: string
  offset: number
}

function next(cursor: Cursor): string {
  const at = place(cursor)
  cursor.offset++
  return at
}

function place(cursor: Cursor): string {
  return cursor.offset === 0 ? cursor.base : `${cursor.base}+${cursor.offset}`
}
