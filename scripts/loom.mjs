/**
 * The ring's own code under loom: every interleaving of its two words, within loom's bounds. The
 * tests `passes_…` must pass; each `catches_…` runs a ring that is broken on purpose, and must fail,
 * in a process of its own since a deadlock found by loom aborts.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fail, outputOf, root, run } from './lib/run.mjs'
import { cargoIsMissing } from './setup/native.mjs'

const why = cargoIsMissing()
if (why !== undefined) fail(`loom: ${why}`)

const binary = build()
const names = outputOf(binary, ['--list', '--format', 'terse', '--include-ignored'])
const tests = [...(names ?? '').matchAll(/^(\w+): test$/gm)].map(([, name]) => name)
const passes = tests.filter((name) => name.startsWith('passes_'))
const catches = tests.filter((name) => name.startsWith('catches_'))
if (passes.length === 0 || catches.length === 0) fail(`loom: the tests are missing: ${tests}`)

run(binary, ['passes_'])
for (const name of catches) {
  const from = performance.now()
  const { status, signal, stdout } = spawnSync(binary, ['--exact', '--ignored', name], {
    encoding: 'utf8',
    env: { ...process.env, RUST_BACKTRACE: '0' },
  })
  if (!stdout.includes('running 1 test')) fail(`loom: ${name} did not run`)
  if (status === 0) fail(`loom: ${name} passed: this broken ring was not caught`)
  console.log(`caught: ${name} (${signal ?? 'panic'}, ${Math.round(performance.now() - from)} ms)`)
}
console.log(`loom: ${passes.length} passed, ${catches.length} broken rings caught`)

function build() {
  const command = ['test', '--release', '--package', 'repod-net', '--test', 'loom', '--no-run']
  const flags = ['--message-format', 'json-render-diagnostics']
  const result = spawnSync('cargo', [...command, ...flags], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      RUSTFLAGS: '--cfg repod_loom',
      CARGO_TARGET_DIR: join(root, 'target-loom'),
    },
  })
  if (result.status !== 0) fail('loom: the tests do not build')
  const executable = /"name":"loom".*"executable":"([^"]+)"/.exec(
    result.stdout.split('\n').find((line) => /"kind":\["test"\].*"executable":"/.test(line)) ?? '',
  )
  return executable?.[1] ?? fail('loom: cargo names no executable')
}
