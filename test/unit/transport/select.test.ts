import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

/** Where the loader looks instead of the package: at first, nothing is there. */
let folder: string
const names = ['REPOD_PREBUILD', 'REPOD_TRANSPORT'] as const
const before = names.map((name) => process.env[name])
const warnings: Error[] = []
const onWarning = (warning: Error): number => warnings.push(warning)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'repod-select-'))
  process.env['REPOD_PREBUILD'] = folder
  delete process.env['REPOD_TRANSPORT']
  warnings.length = 0
  process.on('warning', onWarning)
  // What an environment has loaded, or failed to, it keeps: each test begins with a fresh one.
  vi.resetModules()
})
afterEach(() => {
  process.off('warning', onWarning)
  for (const [at, name] of names.entries()) {
    if (before[at] === undefined) delete process.env[name]
    else process.env[name] = before[at]
  }
  rmSync(folder, { recursive: true })
})

function breakTheBuild(): void {
  const release = join(folder, 'build', 'Release')
  mkdirSync(release, { recursive: true })
  writeFileSync(join(release, 'repod.node'), 'no library')
}

async function select(
  wanted: 'auto' | 'native' | 'pure',
): Promise<{ kind: string; reason: string }> {
  const { selectTransport } = await import('../../../ts/transport/select.js')
  const { transport, reason } = selectTransport(wanted)
  return { kind: transport.kind, reason }
}

/** Warnings are emitted in the next tick. */
function warned(): Promise<string[]> {
  return new Promise((resolve) =>
    setImmediate(() => resolve(warnings.map(({ message }) => message))),
  )
}

test('without a build it is pure, silently, and says why', async () => {
  expect(await select('auto')).toEqual({
    kind: 'pure',
    reason: `no native build for ${process.platform}-${process.arch}`,
  })
  expect(await warned()).toEqual([])
})

test('with a broken build it is pure, and warns once, with code and cause', async () => {
  breakTheBuild()
  const { kind, reason } = await select('auto')
  expect(kind).toBe('pure')
  expect(reason).toContain('does not load')
  await select('auto')
  expect(await warned()).toEqual([`repod runs on its pure transport: ${reason}`])
  expect(warnings[0]).toMatchObject({
    name: 'RepodWarning',
    code: 'REPOD_NATIVE_BROKEN',
    detail: 'ERR_DLOPEN_FAILED',
  })
})

test.each(['option', 'variable'])(
  'native asked for by the %s and missing is an error',
  async (by) => {
    if (by === 'variable') process.env['REPOD_TRANSPORT'] = 'native'
    await expect(select(by === 'variable' ? 'auto' : 'native')).rejects.toMatchObject({
      name: 'RepodError',
      code: 'REPOD_ERR_UNSUPPORTED',
      message: expect.stringMatching(/is 'native', but no native build for /),
      cause: { found: false },
    })
    expect(await warned()).toEqual([])
  },
)

test('an option counts more than the variable, and an empty variable is none', async () => {
  process.env['REPOD_TRANSPORT'] = 'native'
  expect(await select('pure')).toEqual({ kind: 'pure', reason: "the option transport is 'pure'" })
  process.env['REPOD_TRANSPORT'] = 'pure'
  expect(await select('auto')).toEqual({ kind: 'pure', reason: "REPOD_TRANSPORT is 'pure'" })
  process.env['REPOD_TRANSPORT'] = ''
  expect((await select('auto')).reason).toContain('no native build')
})

test('a variable that names no transport is a wrong option', async () => {
  process.env['REPOD_TRANSPORT'] = 'Native'
  await expect(select('auto')).rejects.toMatchObject({
    name: 'TypeError',
    code: 'REPOD_ERR_INVALID_OPTION',
    message: "REPOD_TRANSPORT must be native or pure, got 'Native'",
  })
})

test('an environment has one transport of a kind', async () => {
  const { selectTransport } = await import('../../../ts/transport/select.js')
  expect(selectTransport('pure').transport).toBe(selectTransport('auto').transport)
})
