/** docs/errors.md and the codes of the library, both ways. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CALL_CODES, DETAILS, FAULT_CODES, NORMAL_CLOSE_CODES } from '../../ts/errors.js'
import { ROOT } from './blocks.js'

const PAGE = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')

test.each([
  ['Normal ends', NORMAL_CLOSE_CODES],
  ['Faults', FAULT_CODES],
  ['Failures of calls', CALL_CODES],
  ['Details', DETAILS],
  ['Warnings', warnings()],
])('"%s" has each of its codes once, with its meaning, and no other', (title, codes) => {
  const rows = rowsOf(title)
  expect(rows.map(([code]) => code).sort()).toEqual(codes.map((code) => `\`${code}\``).sort())
  for (const [code, ...cells] of rows) {
    for (const cell of cells) expect(cell.length, code).toBeGreaterThan(5)
  }
})

test('a code that is named in the text is one of the library', () => {
  const known: readonly string[] = [...NORMAL_CLOSE_CODES, ...FAULT_CODES, ...CALL_CODES]
  const named = [...PAGE.matchAll(/REPOD_ERR_([A-Z_]*[A-Z])/g)].map(([, code]) => code)
  expect(named.length).toBeGreaterThan(0)
  for (const code of named) expect(known).toContain(code)
})

/** The rows of the table below a heading, without its head. */
function rowsOf(title: string): string[][] {
  const section = PAGE.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('| '))
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '))
}

/** Codes of process warnings, which have no list: where they are given, they are written out. */
function warnings(): string[] {
  const files = readdirSync(join(ROOT, 'ts'), { recursive: true, encoding: 'utf8' })
  const codes = files
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [
      ...readFileSync(join(ROOT, 'ts', path), 'utf8').matchAll(/code: '(REPOD_(?!ERR_)\w+)'/g),
    ])
    .map(([, code]) => code ?? '')
  return [...new Set(codes)]
}
