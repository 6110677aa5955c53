/** What is in the tarball, and what is written of it. */
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ABI_VERSION } from '../../ts/tape/layout.js'
import { manifestsIn, ROOT, run, TARBALL } from './support.js'

interface Binary {
  readonly format: string
  readonly machine: string
  readonly needed: readonly string[]
  readonly versions: readonly string[]
}
interface Scripts {
  readBinary(bytes: Buffer): Binary
  glibcFloor(binary: Binary): string | undefined
  compareVersions(one: string, other: string): number
  readonly GLIBC_FLOOR: string
  readonly MAX_BINARY: number
  bundleInto(folder: string, installed?: readonly string[]): string[]
}

/** Scripts have no declarations. */
async function script<Name extends keyof Scripts>(path: string): Promise<Pick<Scripts, Name>> {
  return (await import(pathToFileURL(join(ROOT, 'scripts', path)).href)) as Pick<Scripts, Name>
}

let folder: string
let files: string[]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'repod-tarball-'))
  execFileSync('tar', ['-xzf', TARBALL, '-C', folder, '--strip-components', '1'])
  files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the tarball', () => {
  it('has what was built and the papers, and nothing else', () => {
    const outside = files.filter((file) => !/^(dist|prebuilds)\//.test(file))
    const papers = ['LICENSE', 'README.md', 'THIRD-PARTY.md', 'package.json']
    expect(outside.filter((file) => file !== 'CHANGELOG.md')).toEqual(papers)
    const built = files.filter((file) => file.startsWith('dist/'))
    expect(built.filter((file) => !/\.(js|js\.map|d\.ts|LICENSE)$/.test(file))).toEqual([])
    for (const file of ['dist/index.js', 'dist/index.d.ts', 'dist/cli.js']) {
      expect(files).toContain(file)
    }
  })

  it('has nothing to run at installation', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
    for (const { path, manifest } of manifestsIn(folder)) {
      expect(
        hooks.filter((hook) => manifest.scripts?.[hook] !== undefined),
        path,
      ).toEqual([])
    }
    expect(files).not.toContain('binding.gyp')
  })

  it('imports nothing that is neither Node’s nor among its dependencies', async () => {
    const { bundleInto } = await script<'bundleInto'>('setup/bundle.mjs')
    expect(bundleInto(join(folder, 'dist'))).toEqual([])
  })

  it('names no folder of the machine that built it', () => {
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'latin1')
      expect(text.includes(ROOT), file).toBe(false)
      expect(text.includes(process.env['HOME'] ?? ROOT), file).toBe(false)
    }
  })
})

describe('each binary', () => {
  const of = () => files.filter((file) => file.endsWith('.node'))

  it('is tagged by its libc and small', async () => {
    const { MAX_BINARY } = await script<'MAX_BINARY'>('release/targets.mjs')
    expect(of()).not.toEqual([])
    for (const file of of()) {
      expect(file).toMatch(
        /^prebuilds\/(linux-(x64|arm64)\/repod\.(glibc|musl)|(darwin|win32)-(x64|arm64)\/repod)\.node$/,
      )
      expect(statSync(join(folder, file)).size).toBeLessThanOrEqual(MAX_BINARY)
    }
  })

  it('asks for no glibc newer than the floor', async () => {
    const { readBinary, glibcFloor, compareVersions } = await script<
      'readBinary' | 'glibcFloor' | 'compareVersions'
    >('release/binary.mjs')
    const { GLIBC_FLOOR } = await script<'GLIBC_FLOOR'>('release/targets.mjs')
    expect(GLIBC_FLOOR).toBe('2.17')
    for (const file of of().filter((name) => name.includes('glibc'))) {
      const binary = readBinary(readFileSync(join(folder, file)))
      const floor = glibcFloor(binary) ?? 'none'
      expect(compareVersions(floor, GLIBC_FLOOR), `${file} asks for ${floor}`).toBeLessThanOrEqual(
        0,
      )
      expect(binary.needed).toContain('libc.so.6')
    }
  })

  it('of this platform has the ABI version of the library that it is packed with', () => {
    const here = `prebuilds/${process.platform}-${process.arch}/`
    const require = createRequire(import.meta.url)
    const mine = of().filter((file) => file.startsWith(here) && !file.includes('musl'))
    expect(mine).toHaveLength(1)
    for (const file of mine) {
      const addon = require(join(folder, file)) as { abiVersion(): number; panic?: unknown }
      expect(addon.abiVersion()).toBe(ABI_VERSION)
      expect(Object.keys(addon).filter((name) => /panic|test/i.test(name))).toEqual([])
    }
  })

  it('reader of binaries knows a floor above its limit, and what is no library', async () => {
    const { readBinary, glibcFloor } = await script<'readBinary' | 'glibcFloor'>(
      'release/binary.mjs',
    )
    const versions = ['GLIBC_2.9', 'GLIBC_2.34', 'GLIBC_2.17', 'GLIBC_PRIVATE', 'GCC_3.0']
    expect(glibcFloor({ format: 'elf', machine: 'x86_64', needed: [], versions })).toBe('2.34')
    expect(() => readBinary(Buffer.alloc(10))).toThrow('10 bytes are no library')
    expect(() => readBinary(Buffer.alloc(100))).toThrow('neither ELF nor Mach-O nor PE')
  })
})

it('THIRD-PARTY.md is what the lockfiles and the sources say', async () => {
  const { code, out, error } = await run(process.execPath, ['scripts/licences.mjs'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '' },
  })
  expect(code, error).toBe(0)
  expect(readFileSync(join(ROOT, 'THIRD-PARTY.md'), 'utf8')).toBe(out)
})

describe('a package that the library imports and users do not install', () => {
  const compiled = () => join(folder, 'compiled')
  const module = () => join(compiled(), 'codec/decode.js')
  function write(source: string): void {
    mkdirSync(join(compiled(), 'codec'), { recursive: true })
    writeFileSync(join(compiled(), 'package.json'), '{ "type": "module" }')
    writeFileSync(module(), source)
  }

  it('becomes a file of dist, with its licence, and works there', async () => {
    const { bundleInto } = await script<'bundleInto'>('setup/bundle.mjs')
    write(`import { Buffer } from 'node:buffer'
import { Unpackr } from 'msgpackr/unpack'
export const answer = new Unpackr().unpack(Buffer.from([0x2a]))
`)
    expect(bundleInto(compiled())).toEqual(['msgpackr'])
    expect(readFileSync(module(), 'utf8')).toContain("from '../vendor/msgpackr-unpack.js'")
    const licence = readFileSync(join(compiled(), 'vendor/msgpackr.LICENSE'), 'utf8')
    expect(licence).toMatch(/MIT License/)
    const { answer } = (await import(pathToFileURL(module()).href)) as { answer: number }
    expect(answer).toBe(42)
  })

  it('leaves alone what users install, and what Node brings', async () => {
    const { bundleInto } = await script<'bundleInto'>('setup/bundle.mjs')
    const source = "import gyp from 'node-gyp-build'\nexport * from 'node:fs'\n"
    write(source)
    expect(bundleInto(compiled())).toEqual([])
    expect(readFileSync(module(), 'utf8')).toBe(source)
  })
})
