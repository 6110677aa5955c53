/** The TypeScript of the papers, and what a user's compiler says of it. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { blocksOf } from '../../scripts/docs/markdown.mjs'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
/** Inside the package: `repod` is what was built, as its users import it. */
const FOLDER = join(ROOT, 'build/docs')

export interface Program {
  /** `docs/limits.md:12` */
  readonly place: string
  readonly code: string
}

/** Blocks that stand for themselves; those of the tutorial are files of one program, which it runs. */
export function programs(): Program[] {
  return papers().flatMap((paper) =>
    blocksOf(readFileSync(join(ROOT, paper), 'utf8'))
      .filter(({ language }) => language === 'ts')
      .filter(({ label }) => label === undefined || paper !== 'docs/getting-started.md')
      .map(({ line, code }) => ({ place: `${paper}:${line}`, code })),
  )
}

/** What is wrong with them under the flags of this project, each with its place and line. */
export function faultsOf(list: readonly Program[]): string[] {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const byPath = new Map(
    list.map((program, i) => {
      const path = join(FOLDER, `block-${i}.ts`)
      // `export {}` makes even a bare statement a module.
      writeFileSync(path, `${program.code}\nexport {}\n`)
      return [path, program]
    }),
  )
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT)
  const program = ts.createProgram([...byPath.keys()], options)
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1
    const place = byPath.get(file?.fileName ?? '')?.place ?? file?.fileName
    return `${place}, line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

/** The pages of the API are declarations, held against their sources by a test of their own. */
function papers(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true }).map((path) => `docs/${path}`)
  return [...readdirSync(ROOT), ...docs]
    .filter((path) => path.endsWith('.md') && !/\/(api|\.vitepress)\//.test(path))
    .sort()
}
