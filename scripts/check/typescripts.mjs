/**
 * The type tests under other TypeScripts, and as a consumer has them: `repod` from its .d.ts files,
 * which nobody skips (no `skipLibCheck`).
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm, root, run } from '../lib/run.mjs'

export const TYPESCRIPTS = ['5.9.3', '6.0.3', '7.0.2']

/** Of the oldest Node that is supported; 20.19.9 has an error of its own under these flags. */
const TYPES = '20.19.30'

const CONFIG = {
  compilerOptions: {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    noUncheckedIndexedAccess: true,
    typeRoots: ['node_modules/@types'],
    noEmit: true,
  },
  files: ['api.ts'],
}

/** The library must be built: what is compiled against is dist/. */
export function checkTypesWith(version) {
  const folder = join(root, 'build/typescripts', version)
  const compiler = join(folder, 'node_modules/typescript/bin/tsc')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(compiler)) {
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
    const [command, before] = npm()
    const flags = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
    const packages = [`typescript@${version}`, `@types/node@${TYPES}`]
    run(command, [...before, 'install', ...flags, ...packages], { cwd: folder })
  }
  const library = join(folder, 'node_modules/repod')
  rmSync(library, { recursive: true, force: true })
  for (const part of ['dist', 'package.json']) {
    cpSync(join(root, part), join(library, part), { recursive: true })
  }
  const cases = readFileSync(join(root, 'test/types/api.ts'), 'utf8')
  writeFileSync(join(folder, 'api.ts'), cases.replace("'../../ts/index.js'", "'repod'"))
  writeFileSync(join(folder, 'tsconfig.json'), `${JSON.stringify(CONFIG, undefined, 2)}\n`)
  run(process.execPath, [compiler, '-p', folder], { cwd: folder })
}
