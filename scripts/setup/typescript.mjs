import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, fail, root } from '../lib/run.mjs'
import { hashOf, readStamp, writeStamp } from '../lib/stamp.mjs'
import { bundleInto } from './bundle.mjs'

const COMMON = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'scripts/setup/bundle.mjs',
  'scripts/setup/typescript.mjs',
]

/** What is compiled: the library into dist/, the programs that import it as `repod` into build/. */
const PROJECTS = [
  { config: 'tsconfig.build.json', out: 'dist', sources: ['ts'], name: 'library' },
  {
    config: 'tsconfig.examples.json',
    out: 'build/examples',
    sources: ['ts', 'examples'],
    name: 'examples',
  },
]

export function buildTypeScript({ say, quiet }) {
  for (const { config, out, sources, name } of PROJECTS) {
    const stamp = `build/${name}.stamp`
    const current = hashOf([...COMMON, config, ...sources])
    if (existsSync(join(root, out)) && readStamp(stamp) === current) continue
    say(`${name} (tsc -p ${config})`)
    compile(config, out, quiet)
    writeStamp(stamp, current)
  }
}

/**
 * Beside the old output first, then in its place: a file that has no source any more goes, and who
 * imports meanwhile finds a whole tree except for the moment between two renames.
 */
function compile(config, out, quiet) {
  const [next, old, place] = [`${out}-next-${process.pid}`, `${out}-old-${process.pid}`, out].map(
    (folder) => join(root, folder),
  )
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', config, '--outDir', next]
  const result = attempt(process.execPath, args, { quiet })
  if (!result.ok) {
    rmSync(next, { recursive: true, force: true })
    process.stderr.write(result.output)
    fail(`setup: tsc -p ${config} failed (${result.how})`)
  }
  if (out === 'dist') bundleInto(next)
  if (existsSync(place)) renameSync(place, old)
  renameSync(next, place)
  rmSync(old, { recursive: true, force: true })
}
