/** Medians, and the lines that a reader sees. */
import { PEERS, YARDSTICK } from './cells.mjs'

const MICROSECOND = 1e3

/** Somebody else's CPU in a window, as a share of one processor: more of it spoils a figure. */
export const FOREIGN_LIMIT = 0.06

/** Column by figure: heading, and how one number of it is written. */
const COLUMNS = [
  ['main', 'JS thread, ns/msg', whole],
  ['process', 'process, ns/msg', whole],
  ['perSecond', 'messages/s', whole],
  ['roundTripP50', 'trip p50, us', (ns) => whole(ns / MICROSECOND)],
  ['roundTripP99', 'trip p99, us', (ns) => whole(ns / MICROSECOND)],
  ['loopDelayP99', 'loop delay p99, ms', tenth],
]

/** Per figure of the runs: its median, least and greatest; null where the runs have none. */
export function summarize(runs) {
  const names = [...COLUMNS.map(([name]) => name), 'foreignShare', 'loadShare', 'mainShare']
  return Object.fromEntries(names.map((name) => [name, spread(runs.map((run) => run[name]))]))
}

function spread(values) {
  if (values.some((value) => value === null)) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
  return { median: middle, min: sorted[0], max: sorted.at(-1) }
}

/** `peers`: `{ [name]: { summary } | { error } }`. */
export function printCell(title, peers) {
  const yardstick = peers[YARDSTICK]?.summary?.main.median
  const rows = Object.entries(peers).map(([name, { summary, error }]) =>
    error === undefined ? rowOf(name, summary, yardstick) : [name, `no figure: ${error}`],
  )
  const heading = ['', ...COLUMNS.map(([, text]) => text), `x ${YARDSTICK}`, 'foreign']
  console.log(`\n${title}\n${alignedLines([heading, ...rows]).join('\n')}`)
  for (const name of Object.keys(peers)) {
    if (PEERS[name].context !== undefined) console.log(`${name}: context, ${PEERS[name].context}`)
  }
  if (Object.values(peers).some(({ summary }) => summary?.foreignShare.max > FOREIGN_LIMIT)) {
    console.log('The machine was not ours alone: wait for a quiet one before you quote this.')
  }
}

function rowOf(name, summary, yardstick) {
  const cells = COLUMNS.map(([figure, , write]) => range(summary[figure], write))
  const ratio = yardstick === undefined ? '-' : (summary.main.median / yardstick).toFixed(3)
  return [name, ...cells, ratio, `${whole(summary.foreignShare.max * 100)} %`]
}

function range(spread, write) {
  if (spread === null) return '-'
  return `${write(spread.median)} [${write(spread.min)}-${write(spread.max)}]`
}

function alignedLines(rows) {
  const full = rows.filter((row) => row.length > 2)
  const widths = rows[0].map((_, column) => Math.max(...full.map((row) => row[column].length)))
  widths[0] = Math.max(...rows.map((row) => row[0].length))
  return rows.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  )
}

function whole(value) {
  return Math.round(value).toLocaleString('en')
}

function tenth(value) {
  return value.toFixed(1)
}
