/** The long form: every other Node, Bun and Deno. What to start is handed over by the check. */
import { describe, expect, it } from 'vitest'
import { Project, played, run, scratch, TARBALL } from './support.js'

const NATIVE = { PREBUILDS_ONLY: '1', REPOD_TRANSPORT: 'native' }
const parent = scratch()

const nodes = Object.entries(JSON.parse(handed('REPOD_NODES')) as Record<string, string>)

describe.each(nodes)('Node %s', (version, node) => {
  it('installs the package and plays, by import and by require', async () => {
    const project = new Project(parent, version, node)
    const installed = await project.manager('npm', 'install', TARBALL, '--ignore-scripts=false')
    expect(installed.code, installed.error).toBe(0)
    expect(installed.out + installed.error).not.toMatch(/script/i)
    for (const program of ['import.mjs', 'require.cjs']) {
      const { transport, inOrder } = played(await project.program(program, NATIVE))
      expect({ program, transport, inOrder }).toEqual({
        program,
        transport: 'native',
        inOrder: true,
      })
    }
    const doctor = await project.repod(['doctor', '--require-native'])
    expect(doctor.out).toContain(`Node ${version}`)
    expect(doctor.code).toBe(0)
  })
})

describe.each([
  ['Bun', 'REPOD_BUN', []],
  ['Deno', 'REPOD_DENO', ['run', '--allow-all']],
] as const)('%s', (name, variable, flags) => {
  it('plays, natively or with a reason that names what it lacks', async () => {
    const project = new Project(parent, name)
    const installed = await project.manager('npm', 'install', TARBALL)
    expect(installed.code, installed.error).toBe(0)
    const options = { cwd: project.folder, env: { DENO_DIR: `${parent}/deno` } }
    const ended = await run(handed(variable), [...flags, 'import.mjs'], options)
    const { transport, transportReason, inOrder } = played(ended)
    expect(inOrder).toBe(true)
    if (transport === 'pure') expect(transportReason).toMatch(/\w+\(\)|symbol/)
    console.log(`${name}: ${transport}, because ${transportReason}`)
  })
})

function handed(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: npm run check:package -- --full`)
  return value
}
