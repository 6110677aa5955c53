/** One measurement: a fresh server process, the load generator against it, and what both say. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PEERS } from './cells.mjs'

const bench = fileURLToPath(new URL('.', import.meta.url))

/** The server's JS thread has one processor, the load generator the other. */
const SERVER_CPU = '0'
const LOAD_CPU = '1'
/** A measurement that takes longer than its windows by this much ends with its server's life. */
const PATIENCE_MS = 40_000

/**
 * The figures of one run, or an error that says why there are none. Times in ns per message of the
 * window, unless the name says otherwise.
 */
export async function measure(cell, peer, { loadBinary, payloadPath, warm, seconds }) {
  const server = start(cell, peer)
  const watchdog = setTimeout(() => server.kill(), PATIENCE_MS + (warm + seconds) * 1000)
  try {
    const address = `127.0.0.1:${await server.port()}`
    pin(server.pid)
    const load = [
      ...Object.entries(cell.load).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ...['--framing', PEERS[peer].framing],
      ...['--address', address, '--pid', String(server.pid)],
      ...['--payloads', payloadPath, '--warm', String(warm), '--measure', String(seconds)],
    ]
    const { report, end } = await underLoad(server, loadBinary, load)
    const counts = await server.ask('counts')
    verify(cell, report, counts)
    return figures(report, end, server.pid)
  } finally {
    await server.stop()
    clearTimeout(watchdog)
  }
}

function start(cell, peer) {
  const { file, args } = PEERS[peer]
  const child = spawn(process.execPath, [join(bench, 'peers', file), cell.role, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  // Written to after its end: what is reported is that end, by whoever waits for an answer.
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the server ended (${(await exited).join(' ').trim()})`)
    return value
  }
  return {
    pid: child.pid,
    /** Once it listens. */
    async port() {
      const [, port] = /^READY (\d+)$/.exec(await next()) ?? []
      if (port === undefined) throw new Error('the server did not begin with READY')
      return port
    },
    /** Sends a line, returns what the server answers to it. */
    async ask(line) {
      child.stdin.write(`${line}\n`)
      return JSON.parse(await next())[line]
    },
    async stop() {
      child.stdin.end()
      await exited
    },
    kill: () => child.kill('SIGKILL'),
  }
}

/** Only the JS thread: the process's other threads run where they like. */
function pin(tid) {
  const { status, stderr } = spawnSync('taskset', ['-pc', SERVER_CPU, String(tid)])
  if (status !== 0) throw new Error(`taskset: ${stderr}`)
}

/** Runs the load generator, and tells the server when its window begins and ends. */
async function underLoad(server, binary, args) {
  const load = spawn('taskset', ['-c', LOAD_CPU, binary, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(load, 'exit')
  const complaint = load.stderr.toArray()
  const answers = {}
  let report
  for await (const line of createInterface({ input: load.stdout })) {
    const told = JSON.parse(line)
    if (told.phase !== undefined) answers[told.phase] = await server.ask(told.phase)
    if (told.report !== undefined) report = told.report
  }
  const [code] = await exited
  if (code !== 0 || report === undefined) {
    throw new Error(
      Buffer.concat(await complaint)
        .toString()
        .trim() || `load: exit code ${code}`,
    )
  }
  return { report, ...answers }
}

function verify(cell, report, counts) {
  if (counts.messages !== report.total) {
    throw new Error(`${report.total} messages were sent, the server had ${counts.messages}`)
  }
  if (counts.sum !== report.total * cell.weight) {
    throw new Error(`the server read other values: their sum is ${counts.sum}`)
  }
  if (report.messages === 0) throw new Error('no message was answered in the window')
}

function figures({ messages, spent, round_trip: roundTrip }, { loopDelay }, pid) {
  const cpu = spent.threads.reduce((sum, thread) => sum + thread.cpu_ns, 0)
  const main = spent.threads.find((thread) => thread.tid === pid)
  if (main === undefined) throw new Error('the server has no main thread')
  return {
    main: main.cpu_ns / messages,
    process: cpu / messages,
    perSecond: (messages * 1e9) / spent.wall_ns,
    roundTripP50: roundTrip === null ? null : roundTrip.p50_ns,
    roundTripP99: roundTrip === null ? null : roundTrip.p99_ns,
    loopDelayP99: loopDelay.p99,
    mainShare: main.cpu_ns / spent.wall_ns,
    loadShare: spent.load_ns / spent.wall_ns,
    foreignShare: spent.foreign_ns / spent.wall_ns,
    messages,
    threads: spent.threads.filter((thread) => thread.cpu_ns > 0),
  }
}
