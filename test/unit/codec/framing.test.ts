import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { decode, encode, readMessage } from '../../../ts/framing.js'
import type { Message } from '../../../ts/message.js'
import { bytes, concat, field, repeated } from './support.js'

const A = bytes('81 a6 "action" a1 "x"')
const frame = concat(bytes('00 00 00 0a'), A)

function thrown(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    const { name, code, detail } = error as { name: string; code: string; detail?: string }
    return { name, code, ...(detail === undefined ? {} : { detail }) }
  }
}

describe('encode()', () => {
  it('gives the whole frame, as a plain Uint8Array of its own memory', () => {
    const one = encode({ action: 'x' })
    const two = encode({ action: 'y' })
    expect(one).toStrictEqual(frame)
    expect(one.constructor).toBe(Uint8Array)
    expect(one.buffer.byteLength).toBe(14)
    expect(two).not.toEqual(one)
  })

  it('takes frames of up to 1 MiB', () => {
    const message = { action: 'x', v: new Uint8Array(1_048_576 - 17) }
    expect(encode(message).length).toBe(1_048_580)
    const back = decode(encode(message).subarray(4))['v'] as Uint8Array
    expect(Buffer.compare(back, message.v)).toBe(0)
    expect(thrown(() => encode({ action: 'xy', v: message.v }))).toEqual({
      name: 'RangeError',
      code: 'REPOD_ERR_FRAME_TOO_LARGE',
    })
  })

  it('may be called from a getter of the message that it encodes', () => {
    const nested = (depth: number): Message => ({
      action: 'x',
      get inner() {
        return depth === 0 ? null : encode(nested(depth - 1))
      },
    })
    const first = decode(encode(nested(2)).subarray(4))
    const second = decode((first['inner'] as Uint8Array).subarray(4))
    const third = decode((second['inner'] as Uint8Array).subarray(4))
    expect(third).toEqual({ action: 'x', inner: null })
    expect(encode({ action: 'x' })).toStrictEqual(frame)
  })
})

describe('decode()', () => {
  it('takes a payload, a Buffer or any other Uint8Array', () => {
    expect(decode(A)).toStrictEqual({ action: 'x' })
    expect(decode(Buffer.from(A))).toStrictEqual({ action: 'x' })
    expect(decode(frame.subarray(4))).toStrictEqual({ action: 'x' })
  })

  it('throws the code and the detail that would close a connection', () => {
    const fault = (payload: Uint8Array) => thrown(() => decode(payload))
    const name = 'RepodError'
    expect(fault(bytes('c1'))).toEqual({ name, code: 'REPOD_ERR_DECODE_ERROR', detail: 'reserved' })
    expect(fault(bytes('c0'))).toEqual({ name, code: 'REPOD_ERR_INVALID_MESSAGE' })
    expect(fault(bytes('81 a6 "action" 05'))).toEqual({ name, code: 'REPOD_ERR_INVALID_ACTION' })
    expect(fault(bytes(''))).toEqual({ name, code: 'REPOD_ERR_FRAME_EMPTY' })
    expect(fault(new Uint8Array(1_048_577))).toEqual({ name, code: 'REPOD_ERR_FRAME_TOO_LARGE' })
    expect(() => decode(bytes('c1'))).toThrow('this is no message: DECODE_ERROR (reserved)')
  })

  it('says what it takes', () => {
    for (const wrong of [
      undefined,
      'x',
      [1],
      new ArrayBuffer(1),
      new DataView(new ArrayBuffer(1)),
    ]) {
      expect(thrown(() => decode(wrong as unknown as Uint8Array))).toEqual({
        name: 'TypeError',
        code: 'REPOD_ERR_INVALID_VALUE',
      })
      expect(thrown(() => readMessage(wrong as unknown as Uint8Array))).toEqual({
        name: 'TypeError',
        code: 'REPOD_ERR_INVALID_VALUE',
      })
    }
  })
})

describe('readMessage()', () => {
  it('gives the first message and how many bytes it took', () => {
    const expected = { message: { action: 'x' }, consumed: 14 }
    expect(readMessage(frame)).toStrictEqual(expected)
    expect(readMessage(concat(frame, bytes('00 00')))).toStrictEqual(expected)
  })

  it('waits for a frame that is not whole', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(readMessage(frame.subarray(0, length))).toBeUndefined()
    }
  })

  it('refuses a length as soon as it is there', () => {
    const name = 'RepodError'
    expect(thrown(() => readMessage(bytes('00 10 00 01')))).toEqual({
      name,
      code: 'REPOD_ERR_FRAME_TOO_LARGE',
    })
    expect(thrown(() => readMessage(bytes('00 00 00 00')))).toEqual({
      name,
      code: 'REPOD_ERR_FRAME_EMPTY',
    })
    expect(thrown(() => readMessage(bytes('00 00 00 01 c1')))).toEqual({
      name,
      code: 'REPOD_ERR_DECODE_ERROR',
      detail: 'reserved',
    })
  })
})

it('extensions that the process gave to msgpackr do not reach the decoder', async () => {
  const { addExtension, unpack } = await import('msgpackr')
  addExtension({ type: 0xff, unpack: () => 'hijacked', pack: () => new Uint8Array() } as never)
  addExtension({ type: 5, unpack: () => 'hijacked', pack: () => new Uint8Array() } as never)
  expect(unpack(bytes('d6 ff 00 00 00 01'))).toBe('hijacked')
  expect(decode(field('d6 ff 00 00 00 01'))['v']).toEqual(new Date(1000))
  expect(thrown(() => decode(field('d4 05 00')))).toMatchObject({ detail: 'ext' })
})

it('all works where code generation is off', () => {
  const script = `
    import { encode, decode } from './dist/framing.js'
    const message = { action: 'x', list: Array.from({ length: 50 }, (_, id) => ({ id, x: 0.5, name: 'n' + id })) }
    for (let i = 0; i < 200; i++) {
      const text = JSON.stringify(decode(encode(message).subarray(4)))
      if (text !== JSON.stringify(message)) throw new Error(text)
    }
    try { new Function('') } catch (error) { console.log(error.name) }
  `
  const out = execFileSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  )
  expect(out.trim()).toBe('EvalError')
})

it('a payload of a million empty arrays is refused at once', () => {
  expect(
    thrown(() => decode(concat(bytes('dd 00 0f 00 00'), repeated(bytes('90'), 983_040)))),
  ).toEqual({ name: 'RepodError', code: 'REPOD_ERR_DECODE_ERROR', detail: 'elements' })
})
