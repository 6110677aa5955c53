/** Sets up quietly, then runs the arena; arguments are the arena's. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './lib/run.mjs'
import { setup } from './setup.mjs'

setup({ quiet: true })
const arena = spawn(
  process.execPath,
  [join(root, 'build/examples/arena/main.js'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
// The terminal sends Ctrl-C to both; the arena ends in order, and its end is ours.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => arena.kill('SIGTERM'))
arena.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1
})
