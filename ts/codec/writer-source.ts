/**
 * Source of a writer for messages of one shape. It does exactly what the generic walk does, in
 * another arrangement: the fields of an object are read up to the first container, in their order,
 * and then written at once. What does not fit (another type, keys in another order, no room) is
 * left to the walk, with all that was read, so that no property is read twice. Code of the user's
 * runs where a property is read and nowhere else: the frame's place is taken from the walk behind
 * that, and given back before it.
 *
 *     W        the walk: where the frame is, and who goes on   p1, p2 ...  objects, arrays
 *     A, B, V  place, bytes and view, as `W` has them          x1, x2 ...  values that were read
 *     R        bytes that these need at most                   i3, i5 ...  indices in arrays
 *
 * Of a message nothing enters but its keys and its action, by JSON.stringify or as numbers.
 */
import { Buffer } from 'node:buffer'
import type { FieldShape, MessageShape, ObjectShape } from './writer-shape.js'

/** What the source calls beside the walk: parameters of the function that has it as its body. */
export const PARTS = ['int32', 'wide', 'text', 'scalar', 'more', 'own', 'isPlain'] as const

/** The body of a function of PARTS that returns the writer, a function of W and the message. */
export function writerSource(shape: MessageShape): string {
  const source = new WriterSource(shape.action)
  const body = source.object(shape.root, 'p1', [])
  return `'use strict';const action=${JSON.stringify(shape.action)};${source.constants}return function(W,p1){let A,B,V,R;${body}}`
}

type Field = ObjectShape['fields'][number]
interface Read {
  readonly key: string
  readonly shape: FieldShape
  /** The variable. */
  readonly name: string
}

const NUMBER_BYTES = 9
/** Beside three for each of its characters. */
const TEXT_BYTES = 5
/** Known bytes are written by eights, the last of them padded. */
const PADDING = 8

class WriterSource {
  constants = ''
  readonly #action: string
  #names = 1

  constructor(action: string) {
    this.#action = action
  }

  /** Writes the object `of`, which has the keys of its shape. `trail` leads to it. */
  object({ fields }: ObjectShape, of: string, trail: readonly string[]): string {
    const keys = this.#keysOf(fields)
    let source = `let h${of}=0;`
    for (let from = 0; from < fields.length || from === 0; ) {
      const run = runFrom(fields, from)
      const reads = run.map(({ key, value }) => ({ key, shape: value, name: this.#name('x') }))
      const leave = (count: number): string => {
        const values = reads.slice(0, count).map(({ name }) => name)
        return `{W.resume([${trail}],${of},${keys},h${of},${from},[${values}]);break o${of}}`
      }
      source += this.#read(reads, of, leave)
      if (from === 0) source += `h${of}=A-W.begin;`
      source += this.#write(reads, from === 0 ? mapHead(fields.length) : [], of, trail)
      from += Math.max(1, run.length)
    }
    return `o${of}:{${source}}`
  }

  /** Reads as the walk does, one after the other, and stops where one is none of its type. */
  #read(reads: readonly Read[], of: string, leave: (count: number) => string): string {
    const fixed = reads.reduce((sum, { key }) => sum + textBytes(key).length + NUMBER_BYTES, 8)
    const full = 'W.at+R>W.stop'
    let source = `R=${fixed + Buffer.byteLength(this.#action) + PADDING};if(${full})${leave(0)}`
    for (const [index, { key, shape, name }] of reads.entries()) {
      source += `const ${name}=${of}[${JSON.stringify(key)}];`
      const stop = leave(index + 1)
      if (isAction(of, key)) {
        source += `if(typeof ${name}!=='string'||${name}!==action&&3*${name}.length>W.maxAction)${stop}`
      }
      switch (shape.is) {
        case 'number':
        case 'boolean':
          source += `if(typeof ${name}!=='${shape.is}'&&(R+=more(${name}),${full}))${stop}`
          break
        case 'text':
          source += `R+=typeof ${name}==='string'?3*${name}.length+${TEXT_BYTES}:more(${name});if(${full})${stop}`
          break
        case 'any':
        case 'object':
        case 'objects':
          // A getter may have deleted it: then it is no field of the object any more.
          source += `if(${name}===undefined)${stop}`
          break
        default:
          shape satisfies never
      }
    }
    return `${source}A=W.at;if(A+R>W.stop)${leave(reads.length)}B=W.bytes;V=W.view;`
  }

  #write(reads: readonly Read[], before: number[], of: string, trail: readonly string[]): string {
    let source = ''
    let known = before.concat(reads[0] === undefined ? [] : textBytes(reads[0].key))
    for (const [index, { key, shape, name }] of reads.entries()) {
      const next = reads[index + 1]
      const nextKey = next === undefined ? [] : textBytes(next.key)
      if (isAction(of, key)) {
        // Nearly always the same text: then it is known, with the key behind it.
        source +=
          `if(${name}===action){${written([...known, ...textBytes(this.#action), ...nextKey])}}` +
          `else{${written(known)}A=text(B,V,A,${name});${written(nextKey)}}`
        known = []
        continue
      }
      source += written(known) + this.#value(shape, name, [...trail, of, JSON.stringify(key)])
      known = nextKey
    }
    // An object without fields; behind a container it is given back already.
    source += written(known)
    return isScalar(reads.at(-1)?.shape) ? `${source}W.at=A;` : source
  }

  #value(shape: FieldShape, x: string, trail: readonly string[]): string {
    switch (shape.is) {
      case 'number':
        return (
          `if(typeof ${x}==='number'){` +
          `if((${x}|0)===${x}){if(${x}>=0&&${x}<128)B[A++]=${x};else A=int32(B,V,A,${x})}` +
          `else if(Math.floor(${x})!==${x}){B[A]=203;V.setFloat64(A+1,${x});A+=9}` +
          `else A=wide(B,V,A,${x})}else A=scalar(B,V,A,${x});`
        )
      case 'boolean':
        return `if(typeof ${x}==='boolean')B[A++]=${x}?195:194;else A=scalar(B,V,A,${x});`
      case 'text':
        return `A=typeof ${x}==='string'?text(B,V,A,${x}):scalar(B,V,A,${x});`
      case 'any':
        return `${orNil(x)}{W.at=A;W.inner([${trail}],${x})}`
      case 'object':
        return `${orNil(x)}{W.at=A;${this.#nested(shape, x, trail)}}`
      case 'objects':
        return `${orNil(x)}{W.at=A;${this.#objects(shape.element, x, trail)}}`
    }
  }

  /** An object that should have this shape. It has to be one that the walk takes by its fields. */
  #nested(shape: ObjectShape, value: string, trail: readonly string[]): string {
    const of = this.#name('p')
    const keys = this.#keysOf(shape.fields)
    const around = trail.filter((_, index) => index % 2 === 0)
    const isNew = around.map((outer) => `&&${of}!==${outer}`).join('')
    const count = shape.fields.length
    return (
      `const ${of}=${value};let g${of}=-1;if(isPlain(${of})${isNew}){g${of}=0;` +
      `for(const k in ${of}){if(k!==${keys}[g${of}]||!own.call(${of},k)){g${of}=-1;break}g${of}++}}` +
      `if(g${of}===${count})${this.object(shape, of, trail)}else W.misfit([${trail}],${of});`
    )
  }

  #objects(element: ObjectShape, value: string, trail: readonly string[]): string {
    const of = this.#name('p')
    const [n, i] = [`n${of}`, `i${of}`]
    const around = trail.filter((_, index) => index % 2 === 0)
    const isOld = around.map((outer) => `||${of}===${outer}`).join('')
    const inside = [...trail, of, i]
    return (
      `const ${of}=${value};if(!Array.isArray(${of})${isOld})W.misfit([${trail}],${of});else{` +
      `const ${n}=${of}.length;A=W.at;B=W.bytes;` +
      `if(!Number.isInteger(${n})||${n}<0||${n}>65535||A+5+${n}>W.stop)W.elements([${trail}],${of},${n});else{` +
      `if(${n}<16)B[A++]=144|${n};else{B[A]=220;B[A+1]=${n}>>8;B[A+2]=${n};A+=3}W.at=A;W.hits+=${n};` +
      `for(let ${i}=0;${i}<${n};${i}++){${this.#nested(element, `${of}[${i}]`, inside)}}}}`
    )
  }

  #keysOf(fields: readonly Field[]): string {
    const name = this.#name('K')
    this.constants += `const ${name}=${JSON.stringify(fields.map(({ key }) => key))};`
    return name
  }

  #name(letter: string): string {
    this.#names++
    return letter + this.#names
  }
}

/** Fields from `from` on that are read together: scalars, up to one that may be a container. */
function runFrom(fields: readonly Field[], from: number): readonly Field[] {
  const end = fields.findIndex(({ value }, index) => index >= from && !isScalar(value))
  return fields.slice(from, end === -1 ? fields.length : end + 1)
}

function isScalar(shape: FieldShape | undefined): boolean {
  return shape === undefined || ['number', 'boolean', 'text'].includes(shape.is)
}

function isAction(of: string, key: string): boolean {
  return of === 'p1' && key === 'action'
}

function orNil(x: string): string {
  return `if(${x}===null){B[A++]=192;W.at=A}else`
}

function mapHead(count: number): number[] {
  return count < 16 ? [0x80 | count] : [0xde, count >> 8, count & 0xff]
}

/** Of at most 255 bytes. */
function textBytes(text: string): number[] {
  const bytes = Buffer.from(text)
  return bytes.length < 32 ? [0xa0 | bytes.length, ...bytes] : [0xd9, bytes.length, ...bytes]
}

/** Bytes that are known, by eights: as a double where that keeps every bit, else as two words. */
function written(known: readonly number[]): string {
  if (known.length === 0) return ''
  const bytes = Buffer.alloc((known.length + 7) & ~7)
  bytes.set(known)
  let source = ''
  for (let at = 0; at < known.length; at += 8) {
    const rest = known.length - at
    const double = bytes.readDoubleLE(at)
    if (rest <= 4) source += `V.setInt32(A+${at},${bytes.readInt32LE(at)},true);`
    else if (Number.isFinite(double)) source += `V.setFloat64(A+${at},${literal(double)},true);`
    else {
      source += `V.setInt32(A+${at},${bytes.readInt32LE(at)},true);`
      source += `V.setInt32(A+${at + 4},${bytes.readInt32LE(at + 4)},true);`
    }
  }
  return `${source}A+=${known.length};`
}

function literal(double: number): string {
  return Object.is(double, -0) ? '-0' : String(double)
}
