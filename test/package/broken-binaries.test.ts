import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { beforeAll, describe, expect, it } from 'vitest'
import { ABI_VERSION } from '../../ts/tape/layout.js'
import { type Ended, Project, played, scratch, TARBALL } from './support.js'

const FOLDER = `prebuilds/${process.platform}-${process.arch}`
/** `nobody`, for whom a file of root's is not readable even where the tests run as root. */
const NOBODY = 65_534

const parent = scratch()
const project = new Project(parent, 'player')
let good: Buffer
let name: string
beforeAll(async () => {
  const { code, error } = await project.manager('npm', 'install', TARBALL)
  expect(code, error).toBe(0)
  const prebuilds = join(project.folder, 'node_modules/repod', FOLDER)
  name = readdirSync(prebuilds).find((file) => file.includes('glibc')) ?? 'none'
  good = readFileSync(join(prebuilds, name))
})

interface Case {
  readonly what: string
  /** Puts the broken binary at `file`. */
  readonly put: (file: string) => void
  readonly says: RegExp
  readonly uid?: number
}

const FOREIGN = process.arch === 'x64' ? 183 : 62

const CASES: readonly Case[] = [
  { what: 'of 0 bytes', put: (file) => writeFileSync(file, ''), says: /file too short/ },
  {
    what: 'that is cut off in the middle',
    put: (file) => writeFileSync(file, good.subarray(0, good.length / 2)),
    says: /ends before byte \d+/,
  },
  {
    what: 'that lacks its last pages',
    put: (file) => writeFileSync(file, good.subarray(0, -16_384)),
    says: /ends before byte \d+/,
  },
  {
    what: 'that is cut off in its head',
    put: (file) => writeFileSync(file, good.subarray(0, 40)),
    says: /file too short/,
  },
  {
    what: 'of another architecture',
    put: (file) =>
      writeFileSync(
        file,
        patched((bytes) => bytes.writeUInt16LE(FOREIGN, 18)),
      ),
    says: /does not load/,
  },
  {
    what: 'that needs a newer glibc',
    // The same length, so that nothing moves.
    put: (file) => writeFileSync(file, replaced('GLIBC_2.17', 'GLIBC_9.99')),
    says: /GLIBC_9\.99/,
  },
  { what: 'that is text', put: (file) => writeFileSync(file, 'not found'), says: /does not load/ },
  {
    what: 'whose link leads nowhere',
    put: (file) => symlinkSync(`${file}.gone`, file),
    says: /does not load/,
  },
  {
    what: 'that may not be read',
    put: (file) => {
      writeFileSync(file, good)
      chmodSync(file, 0o000)
    },
    says: /[Pp]ermission denied/,
    ...(process.getuid?.() === 0 ? { uid: NOBODY } : {}),
  },
]

describe.each(CASES)('a binary $what', ({ what, put, says, uid }) => {
  let prebuild: string
  beforeAll(() => {
    prebuild = join(parent, what.replaceAll(' ', '-'))
    mkdirSync(join(prebuild, FOLDER), { recursive: true })
    put(join(prebuild, FOLDER, name))
  })

  it('gives pure, one warning with code and cause, and a game that plays', async () => {
    const ended = await project.program('import.mjs', { REPOD_PREBUILD: prebuild }, uid)
    expectOneWarning(ended, says)
  })

  it('is an error where native was demanded', async () => {
    const env = { REPOD_PREBUILD: prebuild, REPOD_TRANSPORT: 'native' }
    const { code, error } = await project.program('import.mjs', env, uid)
    expect(code).toBe(1)
    expect(error).toContain('REPOD_ERR_UNSUPPORTED')
    expect(error).toMatch(says)
  })
})

describe('a binary of another ABI version', () => {
  /** The library that came after it: the same package with the next number in its layout. */
  const newer = new Project(parent, 'newer')
  beforeAll(() => {
    const modules = 'node_modules'
    cpSync(join(project.folder, modules), join(newer.folder, modules), { recursive: true })
    const layout = join(newer.folder, modules, 'repod/dist/tape/layout.js')
    const source = readFileSync(layout, 'utf8')
    const bumped = source.replace(
      `ABI_VERSION = ${ABI_VERSION}`,
      `ABI_VERSION = ${ABI_VERSION + 1}`,
    )
    expect(bumped).not.toBe(source)
    writeFileSync(layout, bumped)
  })

  it('is not used: pure, and one warning that names both versions', async () => {
    const says = new RegExp(`has ABI ${ABI_VERSION}, this version needs ${ABI_VERSION + 1}`)
    expectOneWarning(await newer.program('import.mjs'), says)
  })
})

describe('no binary', () => {
  it('gives pure without a word, and says why when asked', async () => {
    const nothing = join(parent, 'nothing')
    mkdirSync(nothing)
    const ended = await project.program('import.mjs', { REPOD_PREBUILD: nothing })
    expect(ended.error).toBe('')
    expect(played(ended)).toEqual({
      transport: 'pure',
      transportReason: `no native build for ${process.platform}-${process.arch}`,
      inOrder: true,
    })
    const doctor = await project.repod(['doctor'], { REPOD_PREBUILD: nothing })
    expect(doctor.code).toBe(0)
    const demanding = await project.repod(['doctor', '--require-native'], {
      REPOD_PREBUILD: nothing,
    })
    expect(demanding.code).toBe(1)
  })
})

function expectOneWarning(ended: Ended, says: RegExp): void {
  const { transport, transportReason, inOrder } = played(ended)
  expect({ transport, inOrder }).toEqual({ transport: 'pure', inOrder: true })
  expect(transportReason).toMatch(says)
  expect(ended.error.match(/REPOD_NATIVE_BROKEN/g)).toHaveLength(1)
  expect(ended.error).toMatch(says)
}

function patched(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(good)
  change(bytes)
  return bytes
}

/** Every occurrence of a text by another of the same length. */
function replaced(text: string, by: string): Buffer {
  return patched((bytes) => {
    let count = 0
    for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) {
      bytes.write(by, at, 'latin1')
      count++
    }
    expect(count).toBeGreaterThan(0)
  })
}
