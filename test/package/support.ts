/** Installs the packed tarball as a stranger would, and runs programs on what was installed. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))
/** Where `npm run check:package` puts it. */
export const TARBALL: string = join(ROOT, 'build/package/repod.tgz')
const MANAGERS = join(ROOT, 'build/package/managers/node_modules')

/** Of the user's settings the one thing that a machine cannot do without. */
const REGISTRY = execFileSync(process.execPath, [npmCli(), 'config', 'get', 'registry'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
}).trim()

/** How this machine reaches a registry: proxies, and whose certificates it trusts. */
const NETWORK: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => {
    const reaches = /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(file|dir))$/i
    return reaches.test(name) && value !== undefined ? [[name, value]] : []
  }),
)

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

export interface Options {
  readonly cwd: string
  /** Added to an environment that has only PATH, HOME and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>
  /** As another user, by number. */
  readonly uid?: number
}

export async function run(
  command: string,
  args: readonly string[],
  options: Options,
): Promise<Ended> {
  const { HOME = '', TMPDIR = tmpdir() } = process.env
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { HOME, TMPDIR, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  const [[code], out, error] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ])
  return { code, out, error }
}

/** A folder that goes with the test file, readable by everybody. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'repod-package-'))
  chmodSync(folder, 0o755)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/**
 * An empty project and a folder of commands that is the whole PATH: node, npm, pnpm, sh and env; no
 * cargo, no compiler, no Python, no make.
 */
export class Project {
  readonly folder: string
  readonly #node: string
  readonly #env: Readonly<Record<string, string>>

  /** npm's cache and settings are its own: those of a machine that has never installed anything. */
  constructor(parent: string, name: string, node: string = process.execPath) {
    this.folder = join(parent, name)
    this.#node = node
    mkdirSync(this.folder, { recursive: true })
    writeFileSync(join(this.folder, 'package.json'), '{ "private": true }\n')
    cpSync(join(ROOT, 'test/package/programs'), this.folder, { recursive: true })
    const bin = join(parent, `${name}-bin`)
    mkdirSync(bin)
    const commands = {
      node,
      npm: npmCli(),
      pnpm: pnpmBinary(),
      sh: onPath('sh'),
      env: onPath('env'),
    }
    for (const [command, target] of Object.entries(commands)) {
      symlinkSync(target, join(bin, command))
    }
    const settings = join(parent, 'npmrc')
    writeFileSync(settings, '')
    this.#env = {
      PATH: bin,
      npm_config_cache: join(parent, 'cache'),
      npm_config_registry: REGISTRY,
      npm_config_userconfig: settings,
    }
  }

  /** `npm` or `pnpm`. */
  manager(command: 'npm' | 'pnpm', ...args: readonly string[]): Promise<Ended> {
    const path = join(this.#env['PATH'] ?? '', command)
    return run(path, args, { cwd: this.folder, env: { ...this.#env, ...NETWORK, CI: '1' } })
  }

  /** A program of test/package/programs, or one by its path in the project. */
  program(name: string, env: Readonly<Record<string, string>> = {}, uid?: number): Promise<Ended> {
    const options = { cwd: this.folder, env: { ...this.#env, ...env } }
    return run(this.#node, [name], uid === undefined ? options : { ...options, uid })
  }

  /** The command of the package. */
  repod(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const path = join(this.folder, 'node_modules/.bin/repod')
    return run(path, args, { cwd: this.folder, env: { ...this.#env, ...env } })
  }
}

/** What `play` printed; an error shows the whole output. */
export function played({ code, out, error }: Ended): Played {
  if (code !== 0) throw new Error(`exit code ${code}\n${out}\n${error}`)
  return JSON.parse(out) as Played
}

export interface Played {
  readonly transport: string
  readonly transportReason: string
  readonly inOrder: boolean
}

/** Every manifest below a node_modules. */
export function manifestsIn(
  folder: string,
): { readonly path: string; readonly manifest: Manifest }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(^|[/\\])package\.json$/.test(name))
    .map((name) => {
      const manifest = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Manifest
      return { path: name, manifest }
    })
}

export interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

function npmCli(): string {
  return there(join(MANAGERS, 'npm/bin/npm-cli.js'))
}

function pnpmBinary(): string {
  const scope = join(MANAGERS, '@pnpm')
  const [name = 'no binary'] = existsSync(scope) ? readdirSync(scope) : []
  return there(join(scope, name, 'pnpm'))
}

function onPath(command: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = folders.map((folder) => join(folder, command)).find((path) => existsSync(path))
  return there(found ?? command)
}

function there(path: string): string {
  if (existsSync(path)) return path
  throw new Error(`${path} is not there: npm run check:package prepares what these tests use`)
}
