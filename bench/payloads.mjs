/**
 * The messages of the cells, in the bytes that Python's msgpack gives them: written out, so that no
 * library that is measured has a say in what is sent.
 */

/**
 * 56 bytes, an input of a game:
 *
 *     msgpack.packb({'action': 'input', 'seq': 3000000123, 'dx': 0.7071067811865476,
 *                    'dy': -0.4142135623730951, 'buttons': 5})
 */
const S = [
  '85', // a map of 5
  'a6 616374696f6e a5 696e707574', // action: 'input'
  'a3 736571 ce b2d05e7b', // seq: uint32
  'a2 6478 cb 3fe6a09e667f3bcd', // dx: float64
  'a2 6479 cb bfda827999fcef33', // dy: float64
  'a7 627574746f6e73 05', // buttons: 5
]

/**
 * Payloads by name; as `payloadFile` takes them. M is the state of 10 players, C a line of chat, J
 * one in Japanese, X an input whose values are now integers, now not.
 */
export const PAYLOADS = {
  S: [bytesOf(S)],
  M: [packed(stateMessage(7, 10))],
  C: [packed(chatMessage(7))],
  J: [packed({ action: 'chat', from: 'プレイヤー七', text: '北の塔で会いましょう、六時に' })],
  X: [
    packed({ action: 'input', seq: 3_000_000_123, dx: 0.5, dy: -1, buttons: 5 }),
    packed({ action: 'input', seq: 3_000_000_124, dx: 1, dy: -0.25, buttons: 5 }),
  ],
}

/** What a peer adds up for each message, by its action: it has to have read it. */
export const WEIGHTS = {
  input: (message) => message.buttons,
  state: (message) => message.players.length,
  chat: (message) => message.text.length,
}

/** The weight of a message of each name: all payloads of a name have the same. */
export const WEIGHT_OF = { S: 5, M: 10, C: 18, J: 14, X: 5 }

/** The same message as an object, with values that vary. */
export function inputMessage(index) {
  return {
    action: 'input',
    seq: 3_000_000_123 + index,
    dx: Math.cos(index + 0.5),
    dy: Math.sin(index + 0.5),
    buttons: index % 100,
  }
}

/** M with 10 players (573 bytes), L with 300 (16.4 kB): the state of a game. */
export function stateMessage(index, players) {
  return {
    action: 'state',
    tick: 3_000_000_000 + index,
    players: Array.from({ length: players }, (_, id) => ({
      id,
      x: 800 * Math.abs(Math.cos(index + id + 0.5)),
      y: 600 * Math.abs(Math.sin(index + id + 0.5)),
      vx: ((index + id) % 21) - 10,
      vy: ((index * id) % 21) - 10,
      hp: 100 - (id % 100),
      name: `player${100 + (id % 900)}`,
    })),
  }
}

/** C: a line of chat. */
export function chatMessage(index) {
  const text = `see you at tower ${index % 10}`
  return { action: 'chat', from: `player${100 + (index % 50)}`, text }
}

/** What the load generator reads: each payload behind its length, as repod's wire has it. */
export function payloadFile(payloads) {
  return Buffer.concat(
    payloads.flatMap((payload) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(payload.length)
      return [length, payload]
    }),
  )
}

function bytesOf(lines) {
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex')
}

/** As Python's msgpack packs it. An integer is what JavaScript cannot tell from one. */
function packed(value) {
  return Buffer.from(bytesOfValue(value))
}

function bytesOfValue(value) {
  if (typeof value === 'number') return bytesOfNumber(value)
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return bytes.length < 32 ? [0xa0 | bytes.length, ...bytes] : [0xd9, bytes.length, ...bytes]
  }
  if (Array.isArray(value)) return [0x90 | value.length, ...value.flatMap(bytesOfValue)]
  const entries = Object.entries(value)
  return [0x80 | entries.length, ...entries.flatMap((entry) => entry.flatMap(bytesOfValue))]
}

function bytesOfNumber(value) {
  const view = new DataView(new ArrayBuffer(9))
  const of = (head, size) => {
    view.setUint8(0, head)
    return [...new Uint8Array(view.buffer, 0, 1 + size)]
  }
  if (!Number.isInteger(value)) {
    view.setFloat64(1, value)
    return of(0xcb, 8)
  }
  if (value >= -0x20 && value < 0x80) return [value & 0xff]
  if (value >= 0x10000) {
    view.setUint32(1, value)
    return of(0xce, 4)
  }
  view.setUint16(1, value)
  if (value >= 0x100) return of(0xcd, 2)
  if (value >= 0) return [0xcc, value]
  throw new Error(`no payload of the benchmark has ${value}`)
}
