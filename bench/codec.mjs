/**
 * The codec alone, by benchmark.js: our strict frame writer against msgpackr's pack, our tape reader
 * and our walk and decoder against its unpack, which checks nothing. Every result is compared first
 * and counted while the clock runs, so that no engine may leave it out.
 */
import { deepStrictEqual } from 'node:assert'
import Benchmark from 'benchmark'
import { chatMessage, inputMessage, stateMessage } from './payloads.mjs'

/** So many different messages in turn: enough to vary, few enough to stay in the cache. */
const VARIANTS = 64
const MEMORY_BYTES = 1 << 20
const NS_PER_S = 1e9

const MESSAGES = {
  S: inputMessage,
  M: (index) => stateMessage(index, 10),
  L: (index) => stateMessage(index, 300),
  C: chatMessage,
}

/** Prints the table; returns `{ [message]: { [test]: { ns, rme } } }`, rme in percent. */
export async function runCodec({ quick }) {
  const codec = await loadCodec()
  const results = {}
  console.log('\ncodec: ns per message (relative margin of error), x msgpackr')
  for (const [name, make] of Object.entries(MESSAGES)) {
    results[name] = runMessage(
      codec,
      Array.from({ length: VARIANTS }, (_, index) => make(index)),
      {
        maxTime: quick ? 0.3 : 1.5,
      },
    )
    printMessage(name, results[name])
  }
  return results
}

async function loadCodec() {
  // As everywhere in the benchmark; msgpackr reads it when it is loaded.
  process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = 'true'
  const [
    { Packr },
    { FrameWriter },
    { validate },
    { decodeValidated },
    { TapeReaders },
    tape,
    options,
  ] = await Promise.all([
    import('msgpackr'),
    import('../dist/codec/frame-writer.js'),
    import('../dist/codec/validate.js'),
    import('../dist/codec/decode.js'),
    import('../dist/tape/reader.js'),
    import('./tape.mjs'),
    import('../dist/options.js'),
  ])
  const limits = options.parseServerOptions()
  const withoutCodegen = { ...limits, codegen: false }
  const packr = new Packr({ useRecords: false, variableMapSize: true })
  const bytes = Buffer.alloc(MEMORY_BYTES)
  const memory = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) }
  const writer = new FrameWriter({
    grow() {
      throw new Error(`a message of the benchmark is over ${MEMORY_BYTES} bytes`)
    },
  })
  return {
    bytes,
    pack: (message) => packr.pack(message),
    unpack: (payload) => packr.unpack(payload),
    write: (message) => writer.write(message, memory, 0, limits),
    walk: (message) => writer.write(message, memory, 0, withoutCodegen),
    /** A function that reads the next message of a tape. */
    tapeOf(messages) {
      const shape = tape.shapeOf(messages)
      const { ints, doubles, bytes, places } = tape.layOut(shape, messages)
      const reader = new TapeReaders().of(Uint8Array.from(tape.describe(shape)))
      let turn = 0
      return () => {
        const [int, double, text, shortBytes] = places[turn++ % VARIANTS]
        return reader.read(ints, int, doubles, double, bytes, text, shortBytes)
      }
    },
    read(payload) {
      const fault = validate(payload, 0, payload.length, limits)
      if (fault !== undefined) throw new Error(`refused: ${fault.detail ?? fault.code}`)
      return decodeValidated(payload, 0, payload.length)
    },
  }
}

function runMessage(codec, messages, options) {
  const { bytes, pack, unpack, write, walk, read, tapeOf } = codec
  const payloads = messages.map((message) => Buffer.from(pack(message)))
  const readTape = tapeOf(messages)
  for (const [index, payload] of payloads.entries()) {
    for (const writer of [walk, write]) {
      const length = writer(messages[index])
      deepStrictEqual(bytes.subarray(4, length), payload)
    }
    deepStrictEqual(readTape(), messages[index])
    deepStrictEqual(read(payload), messages[index])
    deepStrictEqual(unpack(payload), messages[index])
  }

  let turn = 0
  let sink = 0
  const next = (list) => list[turn++ % VARIANTS]
  const tests = {
    'frame writer': () => {
      sink += write(next(messages))
    },
    'frame writer, codegen off': () => {
      sink += walk(next(messages))
    },
    'msgpackr pack': () => {
      sink += pack(next(messages)).length
    },
    'tape reader': () => {
      sink += readTape().action.length
    },
    'validate + decode': () => {
      sink += read(next(payloads)).action.length
    },
    'msgpackr unpack': () => {
      sink += unpack(next(payloads)).action.length
    },
  }
  const results = {}
  const suite = new Benchmark.Suite()
  for (const [name, test] of Object.entries(tests)) suite.add(name, test, options)
  suite.on('cycle', ({ target }) => {
    if (target.error !== undefined) throw target.error
    results[target.name] = { ns: target.stats.mean * NS_PER_S, rme: target.stats.rme }
  })
  suite.run()
  if (sink === 0) throw new Error('nothing was measured')
  return results
}

function printMessage(name, results) {
  const line = (ours, theirs) => {
    const ratio = (results[ours].ns / results[theirs].ns).toFixed(2)
    return `${ours} ${written(results[ours])}, ${theirs} ${written(results[theirs])}, x ${ratio}`
  }
  console.log(`${name}  ${line('frame writer', 'msgpackr pack')}`)
  console.log(`${name}  ${line('frame writer, codegen off', 'msgpackr pack')}`)
  console.log(`${name}  ${line('tape reader', 'msgpackr unpack')}`)
  console.log(`${name}  ${line('validate + decode', 'msgpackr unpack')}`)
}

function written({ ns, rme }) {
  return `${Math.round(ns).toLocaleString('en')} (${rme.toFixed(1)} %)`
}
