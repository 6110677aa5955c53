import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, root, run } from '../lib/run.mjs'
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
  const [python] = interpreters()
  if (python === undefined) fail('release: no Python >= 3.12 was found, and the linker is a wheel')
  console.log(`release: tools (${wanted.trim().split('\n').join(', ')})`)
  run(python, ['-m', 'venv', '--clear', '.zig'], { quiet })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  run(join(bin, 'python'), [...pip, '--requirement', REQUIREMENTS], { quiet })
  writeStamp(STAMP, wanted)
  return bin
}
