import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ABI_VERSION } from '../../../ts/tape/layout.js'
import { AddonError, loadAddon } from '../../../ts/transport/addon.js'

/** Where the loader looks instead of the package. */
let folder: string
let before: string | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'repod-addon-'))
  before = process.env['REPOD_PREBUILD']
  process.env['REPOD_PREBUILD'] = folder
})
afterEach(() => {
  if (before === undefined) delete process.env['REPOD_PREBUILD']
  else process.env['REPOD_PREBUILD'] = before
  rmSync(folder, { recursive: true })
})

function failure(): AddonError {
  try {
    loadAddon()
  } catch (error) {
    if (error instanceof AddonError) return error
    throw error
  }
  throw new Error('it loaded')
}

/** A folder named like a build loads as a module, so a test can say what an addon exports. */
function build(source: string): void {
  const addon = join(folder, 'build', 'Release', 'repod.node')
  mkdirSync(addon, { recursive: true })
  writeFileSync(join(addon, 'package.json'), '{ "type": "commonjs" }')
  writeFileSync(join(addon, 'index.js'), source)
}

it('says that there is none for this platform, which is no fault', () => {
  const error = failure()
  expect(error.found).toBe(false)
  expect(error.message).toBe(`no native build for ${process.platform}-${process.arch}`)
  expect(error.cause).toMatchObject({ message: expect.stringContaining('No native build') })
})

it('says that one is broken, with the cause', () => {
  const release = join(folder, 'build', 'Release')
  mkdirSync(release, { recursive: true })
  writeFileSync(join(release, 'repod.node'), 'no library')
  const error = failure()
  expect(error.found).toBe(true)
  expect(error.message).toContain(`${join(release, 'repod.node')} does not load: `)
  expect(error.cause).toMatchObject({ code: 'ERR_DLOPEN_FAILED' })
})

it.each([
  ['module.exports = null', 'is no addon of repod'],
  ['module.exports = { open() {} }', 'is no addon of repod'],
  [
    `exports.abiVersion = () => ${ABI_VERSION + 1}`,
    `has ABI ${ABI_VERSION + 1}, this version needs ${ABI_VERSION}`,
  ],
  [`exports.abiVersion = () => ${ABI_VERSION}; exports.open = () => {}`, 'lacks lendPage()'],
])('refuses one that is not ours: %s', (source, why) => {
  build(source)
  const error = failure()
  expect(error.found).toBe(true)
  expect(error.message).toContain(why)
})
