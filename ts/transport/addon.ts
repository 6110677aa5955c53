/** Finds and loads the addon. Nothing else knows that there is one, or where it lies. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { ABI_VERSION } from '../tape/layout.js'
import { cutOffBefore } from './elf.js'
import type { NativeCalls } from './native-calls.js'

const require = createRequire(import.meta.url)

/**
 * Why there is no addon. `found` tells a platform without a build, which is no fault, from a build
 * that is broken, foreign or of another version, which somebody should hear of.
 */
export class AddonError extends Error {
  readonly found: boolean

  constructor(message: string, found: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AddonError'
    this.found = found
  }
}

/** The file that would be loaded. Throws AddonError where there is none for this platform. */
export function addonFile(): string {
  const gyp = require('node-gyp-build') as { path(root: string): string }
  try {
    return gyp.path(PACKAGE_ROOT)
  } catch (cause) {
    throw new AddonError(`no native build for ${process.platform}-${process.arch}`, false, cause)
  }
}

/** Throws AddonError. `REPOD_PREBUILD`, node-gyp-build's own switch, moves the place it looks at. */
export function loadAddon(): NativeCalls {
  const file = addonFile()
  let cutOff: number | undefined
  let exports: unknown
  try {
    cutOff = cutOffBefore(file)
    if (cutOff === undefined) exports = require(file)
  } catch (cause) {
    throw new AddonError(`${file} does not load: ${messageOf(cause)}`, true, cause)
  }
  if (cutOff !== undefined) throw new AddonError(`${file} ends before byte ${cutOff}`, true)
  return checked(exports, file)
}

/** Above `ts/transport` and `dist/transport` alike. */
const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url))

const CALLS = [
  'open',
  'lendPage',
  'lendChunk',
  'returnChunk',
  'take',
  'flush',
  'fetch',
  'dropHeld',
  'close',
] as const satisfies readonly (keyof NativeCalls)[]

function checked(exports: unknown, file: string): NativeCalls {
  const addon = exports as { readonly [Name in keyof NativeCalls]?: unknown } | null
  if (typeof addon?.abiVersion !== 'function') {
    throw new AddonError(`${file} is no addon of repod`, true)
  }
  const version: unknown = addon.abiVersion()
  if (version !== ABI_VERSION) {
    throw new AddonError(`${file} has ABI ${version}, this version needs ${ABI_VERSION}`, true)
  }
  for (const name of CALLS) {
    if (typeof addon[name] !== 'function') {
      throw new AddonError(`${file} lacks ${name}()`, true)
    }
  }
  return exports as NativeCalls
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
