import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, fail, root } from '../lib/run.mjs'
import { readStamp, writeStamp } from '../lib/stamp.mjs'
import { interpreters } from '../setup/python.mjs'

const REQUIREMENTS = 'scripts/release/requirements.txt'
const STAMP = '.zig/repod.stamp'
const FOLDER = process.platform === 'win32' ? '.zig/Scripts' : '.zig/bin'

/** Zig as a linker, its front end for cargo, and zizmor: wheels, in an environment of their own. */
export function releaseTools({ quiet = false } = {}) {
  const bin = join(root, FOLDER)
  const wanted = readFileSync(join(root, REQUIREMENTS), 'utf8')
  if (existsSync(bin) && readStamp(STAMP) === wanted) return bin
  console.log(`release: tools (${wanted.trim().split('\n').join(', ')})`)
  const failures = []
  for (const python of interpreters()) {
    const failure = install(python, bin, quiet)
    if (failure === undefined) {
      writeStamp(STAMP, wanted)
      return bin
    }
    failures.push(`${python}: ${failure}`)
  }
  const why = failures.length === 0 ? 'no Python >= 3.12 was found' : failures.join('\n  ')
  return fail(`release: the linker is a wheel, and was not installed: ${why}`)
}

/** Undefined, or how it failed: many systems ship a Python without venv or pip. */
function install(python, bin, quiet) {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  const steps = [
    [python, ['-m', 'venv', '--clear', '.zig']],
    [join(bin, 'python'), [...pip, '--requirement', REQUIREMENTS]],
  ]
  for (const [command, args] of steps) {
    const result = attempt(command, args, { quiet })
    if (!result.ok) return result.output.trim().split('\n').at(-1) || result.how
  }
  return undefined
}
