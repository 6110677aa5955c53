import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm, root, run } from '../lib/run.mjs'

/** npm's own record of what stands in node_modules, held against the lockfile. */
export function installPackages({ say, quiet }) {
  if (isCurrent()) return
  say('npm packages')
  const [command, before] = npm()
  run(command, [...before, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], { quiet })
}

function isCurrent() {
  const record = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = packagesOf(join(root, 'package-lock.json'))
  const present = packagesOf(record)
  for (const [path, { version, integrity, optional }] of Object.entries(wanted)) {
    if (path === '') continue
    const found = present[path]
    // Binaries for other platforms are optional and stay away.
    if (found === undefined && optional !== true) return false
    if (found !== undefined && (found.version !== version || found.integrity !== integrity)) {
      return false
    }
  }
  return Object.keys(present).every((path) => path in wanted)
}

function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages
}
