/** The pages that `npm run docs` writes are those that the sources give now, and nothing escapes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { apiPages } from '../../scripts/docs/api.mjs'
import { generatedPages } from '../../scripts/docs/generate.mjs'
import { limitsPage } from '../../scripts/docs/limits.mjs'
import * as options from '../../ts/options.js'
import { ROOT } from './blocks.js'

const docs = (path: string): string => readFileSync(join(ROOT, 'docs', path), 'utf8')
const source = (path: string): string => readFileSync(join(ROOT, 'ts', path), 'utf8')

test('each generated page is as the sources say: else npm run docs', () => {
  for (const [path, text] of generatedPages(options)) expect(docs(path), path).toBe(text)
})

test('docs/api has no page that is not generated', () => {
  const pages = [...generatedPages(options).keys()].filter((path) => path.startsWith('api/'))
  expect(readdirSync(join(ROOT, 'docs/api')).map((name) => `api/${name}`)).toEqual(pages.sort())
})

describe('limits.md', { timeout: 30_000 }, () => {
  const page = docs('limits.md')

  test('has every option that a constructor or a call takes, and no other', () => {
    const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    const { checker, exports } = byTheCompiler()
    const taken = exports
      .filter(({ name }) => /^(Server|Client|Listener|Abort)Options$/.test(name))
      .flatMap((symbol) => checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)))
    expect(taken.length).toBeGreaterThan(50)
    expect(new Set(named)).toEqual(new Set(taken.map(({ name }) => name)))
  })

  test('names an option as its constructor knows it', () => {
    for (const name of Object.keys({ ...options.NUMBER_OPTIONS, ...options.CHOICE_OPTIONS })) {
      expect(() => options.parseServerOptions({ [name]: null })).toThrow(
        new RegExp(`^${name} must`),
      )
    }
  })

  test('changes with a value, and with a comment', () => {
    const { maxDepth, ...rest } = options.NUMBER_OPTIONS
    const deeper = { maxDepth: { ...maxDepth, max: 65 }, ...rest }
    const changed = { ...options, NUMBER_OPTIONS: deeper }
    expect(limitsPage(page, changed, source('options.ts'))).toContain('| 1 to 65 |')
    const text = source('options.ts').replace('small frames leave at once', 'frames fly')
    expect(limitsPage(page, options, text)).toContain('frames fly')
  })

  test('refuses an option without a comment of its own', () => {
    const bare = source('options.ts').replace('/** TCP_NODELAY: small frames leave at once. */', '')
    expect(() => limitsPage(page, options, bare)).toThrow(/noDelay has no comment/)
  })
})

describe('api', { timeout: 30_000 }, () => {
  test('has every name that can be imported, and every public member of the classes', () => {
    const text = [...apiPages(source).values()].join('')
    let owner = ''
    const headings = [...text.matchAll(/^(##+) (\w+)/gm)].map(([, level, name = '']) => {
      if (level === '##') owner = name
      return level === '##' ? name : `${owner}.${name}`
    })
    expect(headings.sort()).toEqual(namesByTheCompiler().sort())
  })

  test('changes with a declaration, a comment, an export', () => {
    const changed = (file: string, from: string, to: string): string => {
      expect(source(file)).toContain(from)
      const read = (path: string): string =>
        path === file ? source(path).replace(from, to) : source(path)
      return [...apiPages(read).values()].join('')
    }
    expect(changed('client.ts', 'port: number =', 'door: number =')).toContain('door?: number')
    expect(changed('client.ts', 'Why the last connection ended', 'Its end')).toContain('Its end')
    expect(changed('index.ts', 'decode, encode,', 'encode,')).not.toContain('## decode')
    expect(() => changed('index.ts', 'decode, encode,', 'decode, decoed,')).toThrow(/decoed/)
  })
})

function namesByTheCompiler(): string[] {
  return byTheCompiler().exports.flatMap(({ name, flags, members }) => {
    if ((flags & ts.SymbolFlags.Class) === 0) return [name]
    const own = [...(members?.values() ?? [])]
      .filter((member) => (member.flags & ts.SymbolFlags.TypeParameter) === 0)
      .map((member) => (member.name === '__constructor' ? 'constructor' : member.name))
      .filter((member) => /^\w+$/.test(member))
    return [name, ...own.map((member) => `${name}.${member}`)]
  })
}

/** By another way than the generators': what the checker finds in the built declarations. */
function byTheCompiler(): { checker: ts.TypeChecker; exports: ts.Symbol[] } {
  const entry = join(ROOT, 'dist/index.d.ts')
  const program = ts.createProgram([entry], { module: ts.ModuleKind.NodeNext, types: ['node'] })
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(entry)
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file)
  if (module === undefined) throw new Error(`${entry} is not there: npm run setup`)
  const exports = checker.getExportsOfModule(module).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0
    return isAlias ? checker.getAliasedSymbol(exported) : exported
  })
  return { checker, exports }
}
