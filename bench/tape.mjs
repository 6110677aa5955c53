/**
 * Messages as the engine hands them over, for the codec cell: records as dist/tape/layout.js
 * describes them, without what a record has for the ring.
 */
import { SHORT_TEXT, TYPE } from '../dist/tape/layout.js'

/** The shape that the engine learns from these messages; all of them have the same keys. */
export function shapeOf(messages) {
  return objectShape(messages, true)
}

function objectShape(objects, isRoot) {
  const fields = Object.keys(objects[0]).map((key) => {
    const values = objects.map((object) => object[key])
    if (isRoot && key === 'action') return { key, type: TYPE.CONSTANT, text: values[0] }
    return { key, ...valueShape(values) }
  })
  return { type: TYPE.OBJECT, fields }
}

function valueShape(values) {
  const [first] = values
  if (typeof first === 'string') return { type: TYPE.TEXT }
  if (typeof first === 'number') {
    return { type: values.every((each) => (each | 0) === each) ? TYPE.I32 : TYPE.F64 }
  }
  return { type: TYPE.ARRAY, element: objectShape(values.flat(), false) }
}

export function describe(shape) {
  switch (shape.type) {
    case TYPE.OBJECT: {
      const fields = shape.fields.flatMap((field) => [...sized(field.key), ...describe(field)])
      return [TYPE.OBJECT, ...u16(shape.fields.length), ...fields]
    }
    case TYPE.ARRAY:
      return [TYPE.ARRAY, ...describe(shape.element)]
    case TYPE.CONSTANT:
      return [TYPE.CONSTANT, ...sized(shape.text)]
    default:
      return [shape.type]
  }
}

/**
 * All messages behind each other in shared memory, and how `read` finds each of them:
 * `{ ints, doubles, bytes, places: [[int, double, text, shortBytes] ...] }`.
 */
export function layOut(shape, messages) {
  const flats = messages.map((message) => flatten(shape, message, newFlat()))
  const sizes = flats.map(
    ({ doubles, ints, short, long }) =>
      (8 * doubles.length + 4 * ints.length + short.length + long.length + 7) & ~7,
  )
  const memory = new SharedArrayBuffer(sizes.reduce((sum, size) => sum + size, 0))
  const bytes = Buffer.from(memory)
  const ints = new Int32Array(memory)
  const doubles = new Float64Array(memory)
  let start = 0
  const places = flats.map((flat, index) => {
    const double = start / 8
    const int = start / 4 + 2 * flat.doubles.length
    const text = 4 * (int + flat.ints.length)
    doubles.set(flat.doubles, double)
    ints.set(flat.ints, int)
    bytes.write(flat.short + flat.long, text, 'latin1')
    start += sizes[index]
    return [int, double, text, flat.short.length]
  })
  return { ints, doubles, bytes, places }
}

function newFlat() {
  return { doubles: [], ints: [], short: '', long: '' }
}

function flatten(shape, value, flat) {
  switch (shape.type) {
    case TYPE.I32:
      flat.ints.push(value)
      break
    case TYPE.F64:
      flat.doubles.push(value)
      break
    case TYPE.TEXT:
      flat.ints.push(value.length)
      flat[value.length <= SHORT_TEXT ? 'short' : 'long'] += value
      break
    case TYPE.ARRAY:
      flat.ints.push(value.length)
      for (const each of value) flatten(shape.element, each, flat)
      break
    case TYPE.OBJECT:
      for (const field of shape.fields) flatten(field, value[field.key], flat)
      break
  }
  return flat
}

function sized(text) {
  const bytes = Buffer.from(text)
  return [...u16(bytes.length), ...bytes]
}

function u16(value) {
  return [value & 0xff, value >> 8]
}
