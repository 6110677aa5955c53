/**
 * Builds prebuilds/: every target that this machine can link, or with `--target <name>` that one or
 * an error. What was left out is listed, and why; each file is read back before it counts. With
 * `--verify` nothing is built: every target must be there, as before a release.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, outputOf, root, run } from './lib/run.mjs'
import { hashOf, readStamp, writeStamp } from './lib/stamp.mjs'
import { compareVersions, glibcFloor, readBinary } from './release/binary.mjs'
import { GLIBC_FLOOR, MAX_BINARY, TARGETS } from './release/targets.mjs'
import { releaseTools } from './release/tools.mjs'
import { nativeSources } from './setup/native.mjs'

/** Builds what is stale; answers the targets that stand in prebuilds/ now. */
export function release({ only, quiet = false } = {}) {
  const asked = TARGETS.filter(({ name }) => only === undefined || name === only)
  if (asked.length === 0) {
    fail(`release: no target ${only}; there are ${TARGETS.map(({ name }) => name).join(', ')}`)
  }
  const built = []
  for (const target of asked) {
    const missing = whyNot(target)
    if (missing !== undefined) {
      if (only !== undefined) fail(`release: ${target.name}: ${missing}`)
      console.log(`  ${target.name.padEnd(18)} left out: ${missing}`)
      continue
    }
    buildIfStale(target, quiet)
    console.log(`  ${target.name.padEnd(18)} ${describe(target)}`)
    built.push(target)
  }
  return built
}

function verifyAll() {
  for (const target of TARGETS) {
    if (!existsSync(join(root, target.file))) fail(`release: ${target.file} is missing`)
    verify(target, readFileSync(join(root, target.file)))
    console.log(`  ${target.name.padEnd(18)} ${describe(target)}`)
  }
}

/** What stands in the way of a target on this machine; undefined if nothing does. */
function whyNot({ rust, on }) {
  if (process.platform !== on) return `is linked on ${on}, this is ${process.platform}`
  const sysroot = outputOf('rustc', ['--print', 'sysroot'])
  if (sysroot === undefined) return 'rustc is not on PATH'
  if (existsSync(join(sysroot, 'lib/rustlib', rust, 'lib'))) return undefined
  return `Rust's std for ${rust} is not installed (rustup target add ${rust})`
}

function buildIfStale(target, quiet) {
  const stamp = `build/prebuild-${target.name}.stamp`
  const sources = `${nativeSources()} ${hashOf(['scripts/release.mjs', 'scripts/release'])}`
  const state = () => `${sources} ${hashOf([target.file])}\n`
  if (existsSync(join(root, target.file)) && readStamp(stamp) === state()) return
  const library = target.on === 'linux' ? linkWithZig(target, quiet) : link(target, quiet)
  verify(target, readFileSync(library))
  replace(library, join(root, target.file))
  writeStamp(stamp, state())
}

function linkWithZig({ rust, libc }, quiet) {
  const triple = libc === 'glibc' ? `${rust}.${GLIBC_FLOOR}` : rust
  const path = `${releaseTools({ quiet })}${delimiter}${process.env.PATH ?? ''}`
  cargo('zigbuild', triple, quiet, {
    PATH: path,
    // An addon lives in a process that has its libc already.
    RUSTFLAGS: libc === 'musl' ? `${remapped()} -C target-feature=-crt-static` : remapped(),
  })
  return join(root, 'target', rust, 'release/librepod_napi.so')
}

function link({ rust, on }, quiet) {
  cargo('build', rust, quiet, { RUSTFLAGS: remapped() })
  const name = on === 'win32' ? 'repod_napi.dll' : 'librepod_napi.dylib'
  return join(root, 'target', rust, 'release', name)
}

/** Without the features of the tests: no prebuild can be made to panic. */
function cargo(command, triple, quiet, env) {
  const args = [command, '--release', '--locked', '--package', 'repod-napi', '--target', triple]
  run('cargo', args, { quiet, env })
}

/** Panics name their files: as the crate has them, and not by the folders of who built it. */
function remapped() {
  const registry = process.env.CARGO_HOME ?? join(homedir(), '.cargo')
  return `--remap-path-prefix=${registry}=cargo --remap-path-prefix=${root.slice(0, -1)}=repod`
}

function verify({ name, format, machine, libc }, bytes) {
  const found = readBinary(bytes)
  const faults = []
  if (found.format !== format || found.machine !== machine) {
    faults.push(`is ${found.format} for ${found.machine}`)
  }
  const floor = glibcFloor(found)
  if (libc === 'glibc' && (floor === undefined || compareVersions(floor, GLIBC_FLOOR) > 0)) {
    faults.push(`asks for glibc ${floor}, at most ${GLIBC_FLOOR} is allowed`)
  }
  if (libc === 'musl' && (floor !== undefined || found.needed.join() !== 'libc.so')) {
    faults.push(`needs ${found.needed.join(', ')}, only libc.so is allowed`)
  }
  if (bytes.length > MAX_BINARY) faults.push(`has ${bytes.length} bytes, over ${MAX_BINARY}`)
  if (faults.length > 0) fail(`release: the library for ${name} ${faults.join(' and ')}`)
}

function describe({ file }) {
  const bytes = readFileSync(join(root, file))
  const found = readBinary(bytes)
  const floor = glibcFloor(found)
  const facts = [`${(bytes.length / 1000).toFixed(0)} kB`, found.format, found.machine]
  if (floor !== undefined) facts.push(`glibc ${floor}`)
  return `${facts.join(', ')}: ${file}`
}

/** By a rename: a process that has the old file mapped keeps it. */
function replace(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  const beside = `${to}.${process.pid}`
  copyFileSync(from, beside)
  renameSync(beside, to)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const at = process.argv.indexOf('--target')
  const only = at === -1 ? undefined : process.argv[at + 1]
  if (at !== -1 && only === undefined) fail('release: --target needs a name')
  if (process.argv.includes('--verify')) verifyAll()
  else if (release({ only }).length === 0) fail('release: nothing could be built here')
}
