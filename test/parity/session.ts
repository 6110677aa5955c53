/**
 * What a generated session may do, as data: fast-check makes and shrinks it, `run-server.ts` and
 * `run-client.ts` play it on one transport and write down what either side saw.
 */
import fc from 'fast-check'

/** A frame, or a payload that breaks the wire format, as the peer sends it. */
export type Fault = { readonly name: string; readonly bytes: Uint8Array }

export type ServerStep =
  | { readonly kind: 'connect' }
  | {
      readonly kind: 'receive'
      readonly peer: number
      readonly values: unknown[]
      readonly cuts: number[]
    }
  | { readonly kind: 'send'; readonly peer: number; readonly values: unknown[] }
  | { readonly kind: 'broadcast'; readonly values: unknown[]; readonly except: boolean }
  | {
      readonly kind: 'fault'
      readonly peer: number
      readonly fault: number
      readonly before: number
    }
  | { readonly kind: 'throw'; readonly peer: number; readonly after: number }
  | { readonly kind: 'fin'; readonly peer: number; readonly half: boolean; readonly before: number }
  | { readonly kind: 'reset'; readonly peer: number }
  | { readonly kind: 'close'; readonly peer: number; readonly queued: number }
  | { readonly kind: 'overflow'; readonly peer: number }

export interface ServerSession {
  readonly dispatch: 'auto' | 'pump'
  readonly slowConsumer: 'close' | 'drop-newest'
  readonly onHandlerError: 'close' | 'report'
  readonly steps: ServerStep[]
}

export interface ClientSession {
  readonly dispatch: 'auto' | 'pump'
  /** Sent by the client before it is greeted. */
  readonly early: unknown[]
  /** Sent by the server before its greeting, which may never come. */
  readonly ahead: unknown[]
  readonly greets: boolean
  readonly values: unknown[]
  readonly cuts: number[]
  readonly end:
    | { readonly kind: 'fin' | 'reset' | 'close' | 'throw' }
    | { readonly kind: 'fault'; readonly fault: number }
}

const safe = fc.maxSafeInteger()
const double = fc.double({ noNaN: false })
const edges = fc.constantFrom(
  ...[0, -0, 127, 128, 255, 256, 65_535, 65_536, -1, -32, -33, -128, -129, -32_768, -32_769],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
)
const bigint = fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n })
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    'é'.repeat(13),
    'x'.repeat(12),
    'x'.repeat(13),
    'x'.repeat(300),
    '日本',
    '\ufeffa',
  ),
)
const bytes = fc.uint8Array({ maxLength: 40 })
const date = fc.date({ noInvalidDate: true })
const key = fc.string({ maxLength: 8 }).filter((each) => each !== '__proto__')

/** Any value that the wire carries. */
export const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    { weight: 6, arbitrary: edges },
    { weight: 4, arbitrary: safe },
    { weight: 4, arbitrary: double },
    { weight: 6, arbitrary: text },
    { weight: 2, arbitrary: fc.boolean() },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: bigint },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: date },
  ),
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 8, arbitrary: tie('leaf') },
    { weight: 1, arbitrary: fc.array(tie('any'), { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.dictionary(key, tie('any'), { maxKeys: 5 }) },
  ),
})).any

/** Regular values, so that shapes are learned and messages travel as numbers. */
const regular = fc.oneof(
  fc.record({ seq: edges, dx: double, on: fc.boolean(), name: fc.string({ maxLength: 16 }) }),
  fc.record({
    tick: fc.nat(),
    players: fc.array(fc.record({ id: fc.nat(), x: fc.oneof(double, fc.nat()) }), { maxLength: 4 }),
  }),
)

const values = fc.oneof(
  fc.array(value, { minLength: 1, maxLength: 4 }),
  fc.array(regular, { minLength: 1, maxLength: 12 }),
)
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 4 })

function payload(...parts: (number | string)[]): Uint8Array {
  const out: number[] = []
  for (const part of parts) {
    if (typeof part === 'number') out.push(part)
    else out.push(...Buffer.from(part.replaceAll(' ', ''), 'hex'))
  }
  const frame = Buffer.alloc(4 + out.length)
  frame.writeUInt32BE(out.length)
  frame.set(out, 4)
  return frame
}

const X = '81 a6 616374696f6e a1 78'
const XV = '82 a6 616374696f6e a1 78 a1 76'

export function faultBytes(place: number): Uint8Array {
  return (FAULTS[place] as Fault).bytes
}

/** One for each code and detail that a peer can bring about. */
export const FAULTS: readonly Fault[] = [
  { name: 'FRAME_TOO_LARGE', bytes: Buffer.from('ffffffff', 'hex') },
  { name: 'FRAME_TOO_LARGE', bytes: Buffer.from('47455420', 'hex') },
  { name: 'FRAME_TOO_LARGE', bytes: Buffer.from('00010001', 'hex') },
  { name: 'FRAME_EMPTY', bytes: Buffer.from('00000000', 'hex') },
  { name: 'FRAME_EMPTY', bytes: Buffer.from('000000000000000a81a6616374696f6ea178', 'hex') },
  { name: 'DECODE_ERROR reserved', bytes: payload('c1') },
  { name: 'DECODE_ERROR truncated', bytes: payload('81 a1 61') },
  { name: 'DECODE_ERROR trailing', bytes: payload(X, 'c0') },
  { name: 'DECODE_ERROR elements', bytes: payload('dd ff ff ff ff') },
  { name: 'DECODE_ERROR depth', bytes: payload(XV, '91'.repeat(64), 'c0') },
  { name: 'DECODE_ERROR map', bytes: payload(XV, 'de 10 01', 'a1 61 01'.repeat(4097)) },
  { name: 'DECODE_ERROR utf8', bytes: payload(XV, 'a2 c3 28') },
  { name: 'DECODE_ERROR ext', bytes: payload(XV, 'd4 05 00') },
  { name: 'DECODE_ERROR key', bytes: payload('82 a1 61 01 a1 61 02') },
  { name: 'INVALID_MESSAGE', bytes: payload('c0') },
  { name: 'INVALID_MESSAGE', bytes: payload('81 a1 61 01') },
  { name: 'INVALID_ACTION', bytes: payload('81 a6 616374696f6e 05') },
  { name: 'INVALID_ACTION', bytes: payload('81 a6 616374696f6e d9 41', '61'.repeat(65)) },
]
/** By its place in FAULTS: a counterexample stays short. */
const fault = fc.nat({ max: FAULTS.length - 1 })

const peer = fc.nat({ max: 7 })
const few = fc.nat({ max: 5 })
const step: fc.Arbitrary<ServerStep> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('connect' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('receive' as const), peer, values, cuts }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), peer, values }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('broadcast' as const), values, except: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('fault' as const), peer, fault, before: few }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('throw' as const), peer, after: few }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fin' as const),
      peer,
      half: fc.boolean(),
      before: few,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reset' as const), peer }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const), peer, queued: few }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('overflow' as const), peer }) },
)

export const serverSession: fc.Arbitrary<ServerSession> = fc.record({
  dispatch: fc.constantFrom('auto', 'pump'),
  slowConsumer: fc.constantFrom('close', 'drop-newest'),
  onHandlerError: fc.constantFrom('close', 'close', 'report'),
  steps: fc
    .array(step, { minLength: 3, maxLength: 14 })
    .map((steps): ServerStep[] => [{ kind: 'connect' }, { kind: 'connect' }, ...steps]),
})

export const clientSession: fc.Arbitrary<ClientSession> = fc.record({
  dispatch: fc.constantFrom('auto', 'pump'),
  early: fc.array(value, { maxLength: 3 }),
  ahead: fc.array(value, { maxLength: 2 }),
  greets: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
  values,
  cuts,
  end: fc.oneof(
    fc.record({ kind: fc.constantFrom('fin' as const, 'reset', 'close', 'throw') }),
    fc.record({ kind: fc.constant('fault' as const), fault }),
  ),
})
