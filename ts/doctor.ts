/** What `repod doctor` says: which transport an endpoint of this environment would get, and why. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { RepodError } from './errors.js'
import { ABI_VERSION } from './tape/layout.js'
import { AddonError, addonFile, loadAddon } from './transport/addon.js'
import { type Selection, selectTransport } from './transport/select.js'
import type { TransportKind } from './transport/transport.js'

export interface Diagnosis {
  /** Undefined where every endpoint would throw: `reason` is then the error's message. */
  readonly transport: TransportKind | undefined
  readonly reason: string
  /** Whether the environment gives what was demanded of it. */
  readonly ok: boolean
  /** What else is worth knowing, as pairs of a name and a text. */
  readonly facts: readonly (readonly [name: string, text: string])[]
}

/** `requireNative`: pure is not enough, even where nothing else asks for native. */
export function diagnose(requireNative: boolean): Diagnosis {
  const selected = select()
  const transport = selected instanceof Error ? undefined : selected.transport.kind
  return {
    transport,
    reason: selected instanceof Error ? selected.message : selected.reason,
    ok: transport !== undefined && (transport === 'native' || !requireNative),
    facts: [
      ['repod', packageVersion()],
      ['runtime', runtime()],
      ['platform', `${process.platform}-${process.arch}`],
      ['libc', libc()],
      ['addon', addon()],
      ['ABI', `this version needs ${ABI_VERSION}, ${addonAbi()}`],
      ['REPOD_TRANSPORT', process.env['REPOD_TRANSPORT'] || 'not set'],
      ['REPOD_PREBUILD', process.env['REPOD_PREBUILD'] || 'not set'],
      ['open files', openFiles()],
    ],
  }
}

/** As lines of text, the verdict first. */
export function formatDiagnosis({ transport, reason, ok, facts }: Diagnosis): string {
  const rows = [['transport', transport ?? 'none'], ['because', reason], ...facts] as const
  const lines = rows.map(([name, text]) => `${name.padEnd(NAME_WIDTH)}${text}`)
  if (!ok) lines.push('', 'What was demanded is not there.')
  return `${lines.join('\n')}\n`
}

const NAME_WIDTH = 18

function select(): Selection | Error {
  try {
    return selectTransport('auto')
  } catch (error) {
    // What a constructor would throw: UNSUPPORTED, or a TypeError for a wrong variable.
    if (error instanceof RepodError || error instanceof TypeError) return error
    throw error
  }
}

/** The version of the package, as its manifest has it. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

/** Bun and Deno call themselves Node as well. */
function runtime(): string {
  const { bun, deno, node } = process.versions
  if (bun !== undefined) return `Bun ${bun}`
  if (deno !== undefined) return `Deno ${deno}`
  return `Node ${node}`
}

function libc(): string {
  if (process.platform !== 'linux') return 'the system has one'
  const report = process.report?.getReport() as
    | { readonly header?: { readonly glibcVersionRuntime?: string } }
    | undefined
  const version = report?.header?.glibcVersionRuntime
  return version === undefined ? 'not glibc, or the runtime does not tell' : `glibc ${version}`
}

function addon(): string {
  return told(addonFile)
}

function addonAbi(): string {
  return told(() => `the addon has ${loadAddon().abiVersion()}`)
}

function told(fact: () => string): string {
  try {
    return fact()
  } catch (error) {
    if (error instanceof AddonError) return error.message
    throw error
  }
}

/** A connection takes one, so this bounds the players of a process. */
function openFiles(): string {
  if (process.platform !== 'linux') return 'not told by this platform (ulimit -n)'
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const [, soft = '?', hard = '?'] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? []
  return `${soft}, can be raised to ${hard}; a connection takes one`
}
