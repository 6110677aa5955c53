/** docs/getting-started.md, done as it says: each block in its order, in a folder of its own. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { blocksOf } from '../../scripts/docs/markdown.mjs'
import { TRANSPORTS } from '../support/transports.js'
import { freePort, play } from './terminals.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8')
/** What `mkdir chat` makes, and where it makes it. */
const PARENT = join(ROOT, 'build/tutorial')
const FOLDER = join(PARENT, 'chat')

test('the tutorial does what it shows, on each transport', { timeout: 120_000 }, async () => {
  rmSync(PARENT, { recursive: true, force: true })
  mkdirSync(PARENT, { recursive: true })
  const transcripts: string[] = []
  for (const { language, label, code } of blocksOf(PAGE)) {
    if (label !== undefined) writeFileSync(join(FOLDER, label), code)
    else if (language === 'sh') code.trim().split('\n').forEach(shell)
    else if (language === 'console') {
      transcripts.push(code)
      const kinds = code.includes('$ node ') ? TRANSPORTS : TRANSPORTS.slice(0, 1)
      for (const kind of kinds) await play(code, { cwd: FOLDER, kind, port: await freePort() })
    }
  }
  expect(transcripts.join('').match(/^ada\|/gm)?.length).toBeGreaterThan(5)
})

function shell(command: string): void {
  const [program = '', ...args] = command.split(' ')
  if (command === 'mkdir chat') mkdirSync(FOLDER)
  else if (command === 'cd chat') expect(FOLDER).toBe(join(PARENT, args[0] ?? ''))
  else if (command.startsWith('npm install ')) install(args.slice(1))
  else execFileSync(program, args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** What this repository has already is linked, so that no registry is asked. */
function install(args: readonly string[]): void {
  for (const wanted of args.filter((arg) => !arg.startsWith('--'))) {
    const [, name = '', range] = /^(.+?)(?:@([\d.]+))?$/.exec(wanted) ?? []
    const target = name === 'repod' ? ROOT : join(ROOT, 'node_modules', name)
    const { version, bin = {} } = JSON.parse(
      readFileSync(join(target, 'package.json'), 'utf8'),
    ) as {
      version: string
      bin?: Record<string, string>
    }
    expect(`${version}.`.startsWith(range === undefined ? '' : `${range}.`), wanted).toBe(true)
    link(target, join(FOLDER, 'node_modules', name))
    for (const [command, path] of Object.entries(bin)) {
      link(join(target, path), join(FOLDER, 'node_modules/.bin', command))
    }
  }
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}
