/** Files that can be read in one sitting: a bound for each source, closer ones where it matters. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, outputOf, root } from '../lib/run.mjs'

const MAX_LINES = 400
const COLUMNS = 100
/** Groups of files with a bound of their own, on all their lines together. */
const GROUPS = [
  { of: 'the seam', files: /^ts\/transport\/transport\.ts$/, lines: 120 },
  { of: 'the glue', files: /^crates\/repod-napi\/src\/.*\.rs$/, lines: 299 },
]

export function checkSizes() {
  const sources = trackedSources().map((path) => {
    return { path, lines: linesOf(readFileSync(join(root, path), 'utf8')) }
  })
  const faults = sources
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines, at most ${MAX_LINES} are allowed`)
  for (const { of, files, lines } of GROUPS) {
    const group = sources.filter(({ path }) => files.test(path))
    const count = group.reduce((sum, source) => sum + source.lines, 0)
    if (group.length === 0) faults.push(`${of}: no file matches ${files}`)
    if (count > lines) faults.push(`${of}: ${count} lines, at most ${lines} are allowed`)
  }
  if (faults.length > 0) fail(`check: too big:\n  ${faults.join('\n  ')}`)
  console.log(`${sources.length} sources, each within ${MAX_LINES} lines of ${COLUMNS} columns`)
}

/** A line that is longer than a page is wide counts as the lines that it fills. */
function linesOf(text) {
  return text
    .trimEnd()
    .split('\n')
    .reduce((sum, line) => sum + Math.max(1, Math.ceil([...line].length / COLUMNS)), 0)
}

function trackedSources() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate']
  const listed = outputOf('git', args)
  if (listed === undefined) return fail('check: git does not list the sources')
  return listed.split('\n').filter((path) => /\.(ts|mjs|rs|py)$/.test(path))
}
