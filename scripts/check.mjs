/**
 * What CI runs, in the order in which faults are cheapest to find. `--full` adds the long forms: more
 * cases in every test that counts them, and the contract under other Nodes.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeBinary, OTHER_NODES } from './check/nodes.mjs'
import { checkPackage } from './check/package.mjs'
import { checkSizes } from './check/sizes.mjs'
import { checkTypesWith, TYPESCRIPTS } from './check/typescripts.mjs'
import { checkFormat, checkLints, testCrates } from './lib/crates.mjs'
import { fail, outputOf, root, run, tool } from './lib/run.mjs'
import { cargoIsMissing } from './setup/native.mjs'
import { environmentOf, setup } from './setup.mjs'

const full = process.argv.includes('--full')
const started = performance.now()
const durations = []

const before = gitStatus()
const leftOut = timed('set-up', () => setup())
const tests = { ...environmentOf(leftOut), ...(full ? { REPOD_FULL: '1' } : {}) }
const rust = cargoIsMissing() === undefined

timed('lockfile', checkLockfile)
timed('sizes', checkSizes)
timed('biome', () => run(biome(), ['ci', '--error-on-warnings', ...colours(), '.']))
timed('types', () => tool('typescript/bin/tsc', ['-p', 'tsconfig.json']))
timed('site of the docs', () => tool('vitepress/bin/vitepress.js', ['build', 'docs']))
if (rust) {
  timed('rustfmt', checkFormat)
  timed('clippy', checkLints)
  timed('tests of the crates', () => testCrates(tests))
  timed('the ring under loom', () => run(process.execPath, [join(root, 'scripts/loom.mjs')]))
}
timed('tests through Node', () => tool('vitest/vitest.mjs', ['run'], { env: tests }))
if (leftOut.length === 0) timed('the package', () => checkPackage({ full, env: tests }))
else console.log('\n== the package: LEFT OUT, it needs cargo and Python')
if (full) checkMore()
timed('work tree', checkTree)
report()

function checkMore() {
  for (const version of TYPESCRIPTS) {
    timed(`type tests under TypeScript ${version}`, () => checkTypesWith(version))
  }
  for (const version of OTHER_NODES) {
    timed(`contract under Node ${version}`, () => {
      const vitest = join(root, 'node_modules/vitest/vitest.mjs')
      run(nodeBinary(version), [vitest, 'run', 'test/contract'], { env: tests })
    })
  }
}

/** The binary itself: its launcher is a script that only looks for it. */
function biome() {
  const scope = join(root, 'node_modules/@biomejs')
  const cli = readdirSync(scope).find((name) => name.startsWith('cli-'))
  if (cli === undefined) fail('check: biome has no binary for this platform')
  return join(scope, cli, process.platform === 'win32' ? 'biome.exe' : 'biome')
}

/** In a log, biome's colours are a code per letter. */
function colours() {
  return process.stdout.isTTY ? [] : ['--colors=off']
}

/** A lockfile with addresses in it ties every clone to one registry. */
function checkLockfile() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const bound = Object.keys(packages).filter((path) => packages[path].resolved !== undefined)
  if (bound.length > 0) fail(`check: package-lock.json has resolved addresses: ${bound.join(', ')}`)
  const loose = Object.keys(packages).filter(
    (path) => path !== '' && packages[path].integrity === undefined,
  )
  if (loose.length > 0) fail(`check: package-lock.json has no integrity for ${loose.join(', ')}`)
}

/** The checks themselves must neither change a file nor leave one. */
function checkTree() {
  const after = gitStatus()
  if (after !== before) fail(`check: the work tree changed meanwhile:\n${after}`)
}

function gitStatus() {
  return outputOf('git', ['status', '--porcelain']) ?? 'no git'
}

function timed(name, step) {
  console.log(`\n== ${name}`)
  const from = performance.now()
  const result = step()
  durations.push([name, performance.now() - from])
  return result
}

function report() {
  console.log('')
  for (const [name, ms] of [...durations, ['all checks passed', performance.now() - started]]) {
    console.log(`${(ms / 1000).toFixed(1).padStart(8)} s  ${name}`)
  }
  for (const { part, why } of leftOut) console.log(`LEFT OUT: ${part}: ${why}`)
}
