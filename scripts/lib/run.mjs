/** Child processes: found on PATH, run to their end, never through a shell of our own making. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

const onWindows = process.platform === 'win32'

export function fail(message) {
  console.error(`\n${message}`)
  process.exit(1)
}

/** The full path of a command, or undefined. */
export function which(command) {
  const extensions = onWindows ? ['.exe', '.cmd', '.bat'] : ['']
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue
    for (const extension of extensions) {
      const path = join(folder, command + extension)
      if (isExecutable(path)) return path
    }
  }
  return undefined
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch (error) {
    // The question was whether it is there; every errno answers "not for us".
    if (error.code !== undefined) return false
    throw error
  }
}

/** What a command prints, or undefined where it cannot be run or fails. */
export function outputOf(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: 30_000 })
  return result.status === 0 ? result.stdout.trim() : undefined
}

/**
 * Runs a command and ends this process with it if it fails. With `quiet` its output is shown only
 * then.
 */
export function run(command, args, { quiet = false, env = {}, cwd = root } = {}) {
  const result = attempt(command, args, { quiet, env, cwd })
  if (result.ok) return
  process.stderr.write(result.output)
  fail(`failed (${result.how}): ${[command, ...args].join(' ')}`)
}

/** The same, for a failure that the caller answers. */
export function attempt(command, args, { quiet = false, env = {}, cwd = root } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  })
  return {
    ok: result.status === 0,
    how: result.error?.message ?? result.signal ?? `exit code ${result.status}`,
    output: `${result.stdout ?? ''}${result.stderr ?? ''}`,
  }
}

/** npm as [command, arguments before its own]: the one that runs us, else the one on PATH. */
export function npm() {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('.js') && cli.includes('npm')) return [process.execPath, [cli]]
  const found = which('npm')
  if (found === undefined) fail('npm is not on PATH')
  // Node cannot spawn a .cmd without a shell; beside it stands the script that it calls.
  if (!onWindows) return [found, []]
  return [process.execPath, [join(found, '../node_modules/npm/bin/npm-cli.js')]]
}

/** A development tool of this repository, by its JS entry: no shim, no look-up in a registry. */
export function tool(path, args, options) {
  run(process.execPath, [join(root, 'node_modules', path), ...args], options)
}
