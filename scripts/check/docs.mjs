/** Every TypeScript block of the papers compiles by itself, under the project's strict flags. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root, tool } from '../lib/run.mjs'

const FOLDER = 'build/docs'

export function checkDocs() {
  rmSync(join(root, FOLDER), { recursive: true, force: true })
  mkdirSync(join(root, FOLDER), { recursive: true })
  let count = 0
  for (const paper of papers()) {
    for (const { line, code } of blocksOf(readFileSync(join(root, paper), 'utf8'))) {
      // The name leads back to the block; `export {}` makes even a bare statement a module.
      const name = `${basename(paper, '.md').toLowerCase()}-line-${line}.ts`
      writeFileSync(join(root, FOLDER, name), `${code}\nexport {}\n`)
      count++
    }
  }
  const config = { extends: '../../tsconfig.json', include: ['*.ts'] }
  writeFileSync(join(root, FOLDER, 'tsconfig.json'), JSON.stringify(config))
  tool('typescript/bin/tsc', ['-p', `${FOLDER}/tsconfig.json`])
  console.log(`${count} blocks compile`)
}

function papers() {
  const docs = join(root, 'docs')
  const found = existsSync(docs) ? readdirSync(docs, { recursive: true }) : []
  const inDocs = found.map((path) => `docs/${path}`)
  return [...readdirSync(root), ...inDocs].filter((path) => path.endsWith('.md'))
}

function blocksOf(text) {
  const blocks = []
  for (const match of text.matchAll(/^```ts\n(.*?)^```$/gms)) {
    const line = text.slice(0, match.index).split('\n').length
    blocks.push({ line, code: match[1] })
  }
  return blocks
}
