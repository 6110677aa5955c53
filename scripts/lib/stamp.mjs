/**
 * Stamps: what was built from which contents. Hashes and not times, since a checkout, a copy and a
 * clone all give new times to old contents.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './run.mjs'

/** One hash over files and whole folders, given relative to the root; what is missing counts. */
export function hashOf(paths, keep = () => true) {
  const hash = createHash('sha256')
  for (const path of paths) addTo(hash, path, keep)
  return hash.digest('hex')
}

function addTo(hash, path, keep) {
  const full = join(root, path)
  const stats = existsSync(full) ? statSync(full) : undefined
  if (stats?.isDirectory()) {
    for (const name of readdirSync(full).sort()) addTo(hash, `${path}/${name}`, keep)
  } else if (keep(path)) {
    const contents = stats === undefined ? '' : readFileSync(full)
    hash.update(`${path}\0${stats === undefined ? 'missing' : contents.length}\0`).update(contents)
  }
}

export function readStamp(path) {
  const full = join(root, path)
  return existsSync(full) ? readFileSync(full, 'utf8') : undefined
}

export function writeStamp(path, stamp) {
  const full = join(root, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, stamp)
}
