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

export const BUTTONS_OF_S = 5

/** Payload by name; as `payloadFile` takes them. */
export const PAYLOADS = { S: [bytesOf(S)] }

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
