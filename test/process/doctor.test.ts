import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { ABI_VERSION } from '../../ts/tape/layout.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url))
const VERSION = (JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }).version
const HERE = `${process.platform}-${process.arch}`

/** A place without a binary. */
const EMPTY = mkdtempSync(join(tmpdir(), 'repod-doctor-'))
afterAll(() => rmSync(EMPTY, { recursive: true }))

function repod(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    encoding: 'utf8',
  })
  return { code: status, out: stdout, error: stderr }
}

/** What the doctor says of a thing. */
function fact(out: string, name: string): string | undefined {
  return out
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.slice(name.length)
    .trim()
}

describe('repod doctor', () => {
  it('says which transport would load, why, and on what', () => {
    const { code, out, error } = repod(['doctor'], { REPOD_TRANSPORT: 'pure' })
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(fact(out, 'transport')).toBe('pure')
    expect(fact(out, 'because')).toBe("REPOD_TRANSPORT is 'pure'")
    expect(fact(out, 'repod')).toBe(VERSION)
    expect(fact(out, 'runtime')).toBe(`Node ${process.versions.node}`)
    expect(fact(out, 'platform')).toBe(HERE)
    expect(fact(out, 'REPOD_TRANSPORT')).toBe('pure')
    expect(fact(out, 'ABI')).toContain(`this version needs ${ABI_VERSION}`)
    expect(fact(out, 'libc')).toBeTruthy()
    if (process.platform === 'linux') {
      expect(fact(out, 'open files')).toMatch(/^(\d+|unlimited), can be raised to (\d+|unlimited);/)
    }
  })

  it('is content with pure where nothing demands native', () => {
    const { code, out } = repod(['doctor'], { REPOD_PREBUILD: EMPTY })
    expect(code).toBe(0)
    expect(fact(out, 'transport')).toBe('pure')
    expect(fact(out, 'because')).toBe(`no native build for ${HERE}`)
    expect(fact(out, 'addon')).toBe(`no native build for ${HERE}`)
    expect(fact(out, 'REPOD_PREBUILD')).toBe(EMPTY)
  })

  it.each([
    ['REPOD_TRANSPORT', [], { REPOD_PREBUILD: EMPTY, REPOD_TRANSPORT: 'native' }, 'none'],
    ['a flag', ['--require-native'], { REPOD_PREBUILD: EMPTY }, 'pure'],
    ['a flag, and pure is set', ['--require-native'], { REPOD_TRANSPORT: 'pure' }, 'pure'],
  ] as const)(
    'exits with 1 where native is demanded by %s and not there',
    (...[, flags, env, got]) => {
      const { code, out } = repod(['doctor', ...flags], env)
      expect(code).toBe(1)
      expect(fact(out, 'transport')).toBe(got)
      expect(out).toMatch(/\n\nWhat was demanded is not there\.\n$/)
    },
  )

  it('exits with 1 where the variable names no transport', () => {
    const { code, out } = repod(['doctor'], { REPOD_TRANSPORT: 'fast' })
    expect(code).toBe(1)
    expect(fact(out, 'because')).toBe("REPOD_TRANSPORT must be native or pure, got 'fast'")
  })
})

describe('repod', () => {
  it('tells its version and its usage', () => {
    expect(repod(['--version'])).toEqual({ code: 0, out: `${VERSION}\n`, error: '' })
    expect(repod(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('doctor') })
  })

  it.each([
    [[], 'no command'],
    [['cure'], 'no command cure'],
    [['doctor', '--fast'], 'doctor takes no --fast'],
  ])('refuses %j with 2', (args, why) => {
    const { code, out, error } = repod(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toContain(`repod: ${why}\n`)
  })
})
