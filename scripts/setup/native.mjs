import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fail, outputOf, root, which } from '../lib/run.mjs'
import { hashOf, readStamp, writeStamp } from '../lib/stamp.mjs'

const ADDON = 'build/Release/repod.node'
const STAMP = 'build/native.stamp'
const SOURCES = ['Cargo.toml', 'Cargo.lock', '.cargo', 'rust-toolchain.toml', 'crates']
const SO = 'Everything runs on the pure transport (node:net), and its tests only.'

/** Builds the addon where it is stale; answers what was left out, or nothing. */
export function buildNative({ say, quiet }) {
  const sources = nativeSources()
  if (existsSync(join(root, ADDON)) && readStamp(STAMP) === stampOf(sources)) return undefined
  const why = cargoIsMissing()
  if (why !== undefined) {
    // A binary of other sources must not be what runs while the banner says "pure".
    rmSync(join(root, ADDON), { force: true })
    rmSync(join(root, 'prebuilds'), { recursive: true, force: true })
    return { part: 'native', why, so: SO }
  }
  say('native engine (napi build --release)')
  replace(build(quiet), join(root, ADDON))
  writeStamp(STAMP, stampOf(sources))
  return undefined
}

/** One hash over everything that goes into the addon. */
export function nativeSources() {
  return hashOf(SOURCES, isSource)
}

/** Why cargo cannot build the workspace; undefined if it can. */
export function cargoIsMissing() {
  if (which('cargo') === undefined) return 'cargo is not on PATH (https://rustup.rs installs it).'
  const found = outputOf('cargo', ['--version'])
  if (found === undefined) return 'cargo is on PATH, but `cargo --version` fails.'
  const needed = /rust-version = "([\d.]+)"/.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))
  const have = /cargo ([\d.]+)/.exec(found)
  if (needed === null || have === null) fail(`setup: no version in Cargo.toml or in "${found}"`)
  if (isAtLeast(have[1], needed[1])) return undefined
  return `cargo ${needed[1]} or later is needed, this is ${have[1]}.`
}

function isAtLeast(have, needed) {
  const wanted = needed.split('.').map(Number)
  const found = have.split('.').map(Number)
  for (const [at, part] of wanted.entries()) {
    if (found[at] !== part) return (found[at] ?? 0) > part
  }
  return true
}

/** Tests and benches of a crate are not part of the addon. */
function isSource(path) {
  return !/^crates\/[^/]+\/(tests|benches|fuzz|examples)\//.test(path)
}

function stampOf(sources) {
  return `${sources} ${hashOf([ADDON])} ${process.platform}-${process.arch}\n`
}

/** Where the napi cli leaves the addon; out of reach of whoever loads it. */
const BUILT = 'build/napi'

/** The path of the addon that the napi cli made. */
function build(quiet) {
  const cli = join(root, 'node_modules/@napi-rs/cli/dist/cli.js')
  const where = ['--manifest-path', 'crates/repod-napi/Cargo.toml', '--output-dir', BUILT]
  // No loader and no types: `ts/transport/native-calls.ts` declares the calls.
  const args = [
    cli,
    'build',
    '--release',
    '--no-js',
    '--package-json-path',
    'package.json',
    ...where,
  ]
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', quiet ? 'pipe' : 'inherit'],
  })
  if (result.status === 0) return join(root, BUILT, 'repod.node')
  process.stderr.write(result.stderr ?? '')
  return fail(`failed (${result.error?.message ?? result.status}): napi ${args.slice(1).join(' ')}`)
}

/** By a rename: a process that has the old file mapped keeps it. */
function replace(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  const beside = `${to}.${process.pid}`
  copyFileSync(from, beside)
  renameSync(beside, to)
}
