/**
 * Runs cells of the benchmark: `run.mjs [cell ...] [--quick] [--reps n] [--peers a,b] [--json file]`.
 * Exit code 1 if any peer of any cell has no figure. See README.md.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CELLS, cellsNamed, PEERS } from './cells.mjs'
import { runCodec } from './codec.mjs'
import { measure } from './measure.mjs'
import { payloadFile } from './payloads.mjs'
import { FOREIGN_LIMIT, printCell, summarize } from './report.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))

const ATTEMPTS = 3

const options = readOptions()
const started = new Date().toISOString()
const results = {}
let failed = false

if (options.cells.length > 0) {
  requireMachine()
  const folder = mkdtempSync(join(tmpdir(), 'repod-bench-'))
  try {
    const loadBinary = buildLoad()
    for (const name of options.cells) results[name] = await runCell(name, loadBinary, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
if (options.codec) results.codec = await runCodec(options)
if (options.json !== undefined) {
  const report = { started, commit: commit(), machine: machine(), options, results }
  writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`)
}
if (failed) process.exitCode = 1

/** Peers in turn, again and again: what drifts on the machine drifts for all of them. */
async function runCell(name, loadBinary, folder) {
  const cell = CELLS[name]
  const payloadPath = join(folder, `${name}.frames`)
  writeFileSync(payloadPath, payloadFile(cell.payloads))
  const setting = { ...options, loadBinary, payloadPath }
  const peers = {}
  for (const peer of cell.peers.filter((each) => options.peers.includes(each))) {
    peers[peer] = { runs: [] }
  }
  for (let repetition = 0; repetition < options.reps; repetition++) {
    for (const [peer, result] of Object.entries(peers)) {
      if (result.error !== undefined) continue
      progress(`${name} ${repetition + 1}/${options.reps} ${peer}`)
      try {
        result.runs.push(await quietest(cell, peer, setting))
      } catch (error) {
        result.error = error.message
        failed = true
      }
    }
  }
  progress('')
  for (const result of Object.values(peers)) {
    if (result.error === undefined) result.summary = summarize(result.runs)
  }
  printCell(cell.title, peers)
  return peers
}

/** Of up to three attempts the first that was left alone, else the one disturbed least. */
async function quietest(cell, peer, setting) {
  let best
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const run = { attempt, ...(await measure(cell, peer, setting)) }
    if (best === undefined || run.foreignShare < best.foreignShare) best = run
    if (run.foreignShare <= FOREIGN_LIMIT) break
  }
  return best
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      reps: { type: 'string' },
      peers: { type: 'string', default: Object.keys(PEERS).join() },
      json: { type: 'string' },
    },
  })
  const names = positionals.length > 0 ? positionals : [...Object.keys(CELLS), 'codec']
  const cells = names.flatMap(cellsNamed)
  const peers = values.peers.split(',')
  const unknown =
    names.find((name) => name !== 'codec' && cellsNamed(name).length === 0) ??
    peers.find((peer) => !(peer in PEERS))
  const reps = Number(values.reps ?? (values.quick ? 1 : 3))
  if (unknown !== undefined || !(Number.isInteger(reps) && reps > 0)) {
    console.error(
      `${unknown === undefined ? '--reps must be 1 or more' : `unknown: ${unknown}`}\n` +
        `cells: ${Object.keys(CELLS).join(', ')}, codec; peers: ${Object.keys(PEERS).join(', ')}`,
    )
    process.exit(2)
  }
  return {
    cells,
    codec: names.includes('codec'),
    peers,
    reps,
    quick: values.quick,
    json: values.json,
    warm: values.quick ? 0.5 : 1,
    seconds: values.quick ? 1 : 3,
  }
}

function requireMachine() {
  if (process.platform === 'linux' && availableParallelism() >= 2) return
  console.error(
    'The cells with sockets need Linux (CPU per thread is read from /proc) and 2 processors.',
  )
  process.exit(2)
}

/** Cargo knows by itself whether there is anything to build. */
function buildLoad() {
  const crate = join(root, 'bench/load')
  const { status, error } = spawnSync('cargo', ['build', '--release', '--quiet', '--locked'], {
    cwd: crate,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) {
    console.error(`The load generator was not built (${error?.message ?? `exit code ${status}`}).`)
    process.exit(2)
  }
  return join(crate, 'target/release/repod-load')
}

function machine() {
  const versions = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const versionOf = (name) => versions[`node_modules/${name}`].version
  return {
    cpu: cpus()[0].model.trim(),
    processors: cpus().length,
    kernel: release(),
    node: process.version,
    msgpackr: versionOf('msgpackr'),
    ws: versionOf('ws'),
  }
}

function commit() {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root })
  return stdout.toString().trim()
}

function progress(text) {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`)
}
