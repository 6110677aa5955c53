/**
 * Makes a clone ready: npm packages, native engine, JavaScript, Python peer; each only if its
 * sources changed. Without cargo or Python >= 3.12 it says so and goes on; where CI is set it fails.
 */
import { pathToFileURL } from 'node:url'
import { fail } from './lib/run.mjs'
import { buildNative } from './setup/native.mjs'
import { installPackages } from './setup/packages.mjs'
import { installPython } from './setup/python.mjs'
import { buildTypeScript } from './setup/typescript.mjs'

/** `leftOut` lists what this machine cannot have: `{ part: 'native' | 'python', why, so }`. */
export function setup({ quiet = false, python = true } = {}) {
  checkNode()
  const say = (what) => console.log(`setup: ${what}`)
  installPackages({ say, quiet })
  const leftOut = [buildNative({ say, quiet })]
  buildTypeScript({ say, quiet })
  if (python) leftOut.push(installPython({ say, quiet }))
  const missing = leftOut.filter((each) => each !== undefined)
  if (missing.length > 0) announce(missing)
  return missing
}

/** For the tests: what was left out, as they read it. */
export function environmentOf(leftOut) {
  return { REPOD_LEFT_OUT: leftOut.map(({ part }) => part).join(',') }
}

function announce(missing) {
  const line = '!'.repeat(78)
  const text = missing.map(({ part, why, so }) => `  LEFT OUT: ${part}\n    ${why}\n    ${so}`)
  console.error(`\n${line}\n${text.join('\n\n')}\n${line}\n`)
  if (inCi()) fail('setup: CI is set, so everything is needed; see above for what is missing')
}

function inCi() {
  const { CI = '' } = process.env
  return CI !== '' && CI !== 'false'
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(`setup: Node 20.19 or later is needed, this is ${process.versions.node}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now()
  setup()
  console.log(`setup: ready (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}
