/** What is measured against whom. A new cell is a new entry here, a new peer a file in peers/. */
import { PAYLOADS, WEIGHT_OF } from './payloads.mjs'

/**
 * How each peer's server is started, and what its clients speak. `context`: shown beside the others,
 * never as their equal.
 */
export const PEERS = {
  native: { file: 'repod.mjs', args: ['native'], framing: 'raw' },
  pure: { file: 'repod.mjs', args: ['pure'], framing: 'raw' },
  'net-tick': { file: 'net-tick.mjs', args: [], framing: 'raw' },
  ws: { file: 'ws.mjs', args: [], framing: 'websocket', context: 'masks and frames of its own' },
}

/** The peer that all are compared with. */
export const YARDSTICK = 'net-tick'

const FIRST_PEERS = ['native', 'pure', 'net-tick', 'ws']

/**
 * `role` is what the peers are asked to be, `load` what the load generator is told beyond the window
 * and the address, `payloads` what it sends, `weight` what each of them adds to the peer's sum.
 */
export const CELLS = Object.fromEntries(
  Object.keys(PAYLOADS).flatMap((name) => [
    [`echo-${name.toLowerCase()}`, echo(name)],
    [`ingest-${name.toLowerCase()}`, ingest(name)],
  ]),
)

function echo(name) {
  return {
    title: `echo ${name}: 50 connections, 16 messages under way on each`,
    role: 'echo',
    load: { cell: 'echo', connections: 50, window: 16 },
    payloads: PAYLOADS[name],
    weight: WEIGHT_OF[name],
    peers: FIRST_PEERS,
  }
}

function ingest(name) {
  return {
    title: `ingest ${name}: 4 connections, as fast as the server takes`,
    role: 'ingest',
    load: { cell: 'ingest', connections: 4 },
    payloads: PAYLOADS[name],
    weight: WEIGHT_OF[name],
    peers: FIRST_PEERS,
  }
}

/** `echo` names all cells that begin with `echo-`, `echo-s` itself alone. */
export function cellsNamed(name) {
  return Object.keys(CELLS).filter((cell) => cell === name || cell.startsWith(`${name}-`))
}
