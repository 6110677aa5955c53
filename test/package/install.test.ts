import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Ended, manifestsIn, Project, played, scratch, TARBALL } from './support.js'

const NATIVE = { PREBUILDS_ONLY: '1', REPOD_TRANSPORT: 'native' }
const parent = scratch()

describe('installed by npm in an empty folder, with only node, npm, sh and env on PATH', () => {
  const project = new Project(parent, 'npm')
  let installed: Ended
  beforeAll(async () => {
    installed = await project.manager('npm', 'install', TARBALL, '--ignore-scripts=false')
  })

  it('says nothing about scripts', () => {
    expect(installed.code, installed.error).toBe(0)
    expect(installed.out + installed.error).not.toMatch(/script/i)
    expect(installed.out + installed.error).not.toMatch(/warn/i)
  })

  it('brings two packages, neither with anything to run at installation', () => {
    const modules = join(project.folder, 'node_modules')
    const manifests = manifestsIn(modules)
    const packages = manifests.filter(({ path }) => /^[^/]+\/package\.json$/.test(path))
    expect(packages.map(({ manifest }) => manifest.name).sort()).toEqual([
      'node-gyp-build',
      'repod',
    ])
    for (const { path, manifest } of manifests) {
      for (const hook of ['preinstall', 'install', 'postinstall', 'prepare']) {
        expect(manifest.scripts?.[hook], `${hook} of ${path}`).toBeUndefined()
      }
    }
    // npm would run node-gyp by itself.
    for (const { path } of packages) {
      expect(existsSync(join(modules, path, '../binding.gyp'))).toBe(false)
    }
  })

  it.each(['import.mjs', 'require.cjs'])('plays over the native engine: %s', async (program) => {
    const ended = await project.program(program, NATIVE)
    expect(played(ended)).toEqual({
      transport: 'native',
      transportReason: "REPOD_TRANSPORT is 'native'",
      inOrder: true,
    })
    expect(ended.error).toBe('')
  })

  it('runs native by itself, and pure where it is told to', async () => {
    const auto = played(await project.program('import.mjs'))
    expect(auto).toMatchObject({ transport: 'native', inOrder: true })
    const pure = played(await project.program('import.mjs', { REPOD_TRANSPORT: 'pure' }))
    expect(pure).toMatchObject({ transport: 'pure', inOrder: true })
  })

  it('has the doctor as a command', async () => {
    const ended = await project.repod(['doctor', '--require-native'])
    expect(ended.code, ended.error).toBe(0)
    expect(ended.out).toMatch(/^transport +native$/m)
    expect(ended.out).toMatch(/^addon +.*prebuilds.*\.node$/m)
    const byNpx = await project.manager('npm', 'exec', '--offline', '--', 'repod', 'doctor')
    expect(byNpx.out).toBe((await project.repod(['doctor'])).out)
  })

  it('installs again with no network, and with scripts forbidden, from npm’s cache', async () => {
    const again = new Project(parent, 'offline')
    const flags = ['--offline', '--ignore-scripts']
    // The cache is the one that the first installation filled.
    const ended = await again.manager('npm', 'install', TARBALL, ...flags)
    expect(ended.code, ended.error).toBe(0)
    expect(played(await again.program('import.mjs', NATIVE))).toMatchObject({ inOrder: true })
    expect((await again.manager('npm', 'ci', ...flags)).code).toBe(0)
    expect(played(await again.program('import.mjs', NATIVE))).toMatchObject({ inOrder: true })
  })
})

it('installed by pnpm, says nothing about scripts and plays over the native engine', async () => {
  const project = new Project(parent, 'pnpm')
  const store = join(parent, 'store')
  const ended = await project.manager('pnpm', 'add', TARBALL, '--store-dir', store)
  expect(ended.code, ended.out + ended.error).toBe(0)
  expect(ended.out + ended.error).not.toMatch(/script|ignored/i)
  const { transport, inOrder } = played(await project.program('require.cjs', NATIVE))
  expect({ transport, inOrder }).toEqual({ transport: 'native', inOrder: true })
})
