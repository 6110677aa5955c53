import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { attempt, isExecutable, outputOf, root, which } from '../lib/run.mjs'
import { readStamp, writeStamp } from '../lib/stamp.mjs'

const REQUIREMENTS = 'test/support/requirements.txt'
const STAMP = '.venv/repod.stamp'
const SO = 'The tests against Python repod are left out. Nothing else needs Python.'
const INTERPRETER = process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python'

/** Makes the environment of the Python peer; answers what was left out, or nothing. */
export function installPython({ say, quiet }) {
  const wanted = readFileSync(join(root, REQUIREMENTS), 'utf8')
  if (existsSync(join(root, INTERPRETER)) && readStamp(STAMP) === wanted) return undefined
  const found = interpreters()
  if (found.length === 0) return { part: 'python', why: 'No Python >= 3.12 was found.', so: SO }
  say(`Python peer (${wanted.trim().split('\n').join(', ')})`)
  const failures = []
  for (const python of found) {
    const failure = install(python, quiet)
    if (failure === undefined) {
      writeStamp(STAMP, wanted)
      return undefined
    }
    failures.push(`${python}: ${failure}`)
  }
  rmSync(join(root, '.venv'), { recursive: true, force: true })
  return { part: 'python', why: failures.join('\n    '), so: SO }
}

/** Undefined, or the last line of what failed: many systems ship a Python without venv or pip. */
function install(python, quiet) {
  rmSync(join(root, '.venv'), { recursive: true, force: true })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  const steps = [
    [python, ['-m', 'venv', '.venv']],
    [join(root, INTERPRETER), [...pip, '--requirement', REQUIREMENTS]],
  ]
  for (const [command, args] of steps) {
    const result = attempt(command, args, { quiet: true })
    if (result.ok) continue
    if (!quiet) process.stderr.write(result.output)
    return result.output.trim().split('\n').at(-1) || result.how
  }
  return undefined
}

/** Every Python from 3.12 up that answers, the likeliest first. */
export function interpreters() {
  const named = ['python3.12', 'python3.13', 'python3.14', 'python3', 'python'].map(which)
  const candidates = [...named, ...managed()].filter((path) => path !== undefined)
  return [...new Set(candidates)].filter(isNewEnough)
}

/** pyenv's own folders: its shims answer for one version only. */
function managed() {
  const folder = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((version) => join(folder, version, 'bin/python3'))
    .filter(isExecutable)
}

function isNewEnough(python) {
  return outputOf(python, ['-c', 'import sys; print(sys.version_info >= (3, 12))']) === 'True'
}
