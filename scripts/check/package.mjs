/**
 * The package as strangers get it: built, packed, looked at by publint and attw, installed and run.
 * Needs cargo, Python (the linker is a wheel) and, the first time, the registries.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, npm, root, run, tool } from '../lib/run.mjs'
import { releaseTools } from '../release/tools.mjs'
import { release } from '../release.mjs'
import { setup } from '../setup.mjs'
import { nodeBinary, OTHER_NODES } from './nodes.mjs'

const FOLDER = 'build/package'
const TARBALL = `${FOLDER}/repod.tgz`
/** What `npm pack` may give, in bytes, with the binary of one target. */
const MAX_TARBALL = 3 * 2 ** 20
/** Exact: the notices about scripts are a matter of their versions. */
const MANAGERS = ['npm@11.19.1', 'pnpm@12.4.2']

export function checkPackage({ full, env = {} }) {
  if (release({ quiet: true }).length === 0) fail('check: no prebuild could be made here')
  pack()
  tool('publint/src/cli.js', [TARBALL, '--strict'])
  const attw = ['--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--no-color']
  tool('@arethetypeswrong/cli/dist/index.js', [TARBALL, ...attw])
  install('managers', MANAGERS)
  run(join(releaseTools(), 'zizmor'), ['--offline', '--quiet', '--pedantic', '.github/workflows'])
  tool('vitest/vitest.mjs', ['run', '--config', 'test/package/vitest.config.ts'], {
    env: { ...env, ...(full ? { REPOD_FULL: '1', ...runtimes() } : {}) },
  })
}

function pack() {
  mkdirSync(join(root, FOLDER), { recursive: true })
  const [command, before] = npm()
  run(command, [...before, 'pack', '--silent', '--pack-destination', FOLDER])
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  renameSync(join(root, FOLDER, `${name}-${version}.tgz`), join(root, TARBALL))
  const { size } = statSync(join(root, TARBALL))
  console.log(`the tarball has ${(size / 1000).toFixed(0)} kB`)
  if (size > MAX_TARBALL) fail(`check: at most ${MAX_TARBALL} bytes are allowed`)
}

/** What the tests of other runtimes start, by its path. */
function runtimes() {
  const bun = `@oven/bun-${process.platform}-${process.arch}`
  const deno = `@deno/${process.platform}-${process.arch}-glibc`
  const modules = install('runtimes', [`${bun}@1.4.5`, `${deno}@2.9.6`])
  const nodes = OTHER_NODES.map((version) => [version, nodeBinary(version)])
  return {
    REPOD_NODES: JSON.stringify(Object.fromEntries(nodes)),
    REPOD_BUN: join(modules, bun, 'bin/bun'),
    REPOD_DENO: join(modules, deno, 'deno'),
  }
}

/** Installs packages into a folder of their own, once; answers its node_modules. */
function install(name, packages) {
  const folder = join(root, FOLDER, name)
  const manifest = `${JSON.stringify({ private: true, description: packages.join(' ') })}\n`
  const place = join(folder, 'package.json')
  if (!existsSync(place) || readFileSync(place, 'utf8') !== manifest) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(place, '{ "private": true }\n')
    const [command, before] = npm()
    const flags = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
    run(command, [...before, 'install', ...flags, ...packages], { cwd: folder })
    writeFileSync(place, manifest)
  }
  return join(folder, 'node_modules')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const missing = setup()
  if (missing.length > 0) fail('check: the package cannot be made here; see above')
  checkPackage({ full: process.argv.includes('--full') })
}
