/** Every page, or part of one, that is generated from the sources. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../lib/run.mjs'
import { apiPages } from './api.mjs'
import { limitsPage } from './limits.mjs'

/** Path below docs/ to the text it should have; `options` is the module ts/options.ts. */
export function generatedPages(options) {
  const source = (path) => readFileSync(join(root, 'ts', path), 'utf8')
  const limits = readFileSync(join(root, 'docs/limits.md'), 'utf8')
  const pages = apiPages(source)
  pages.set('limits.md', limitsPage(limits, options, source('options.ts')))
  return pages
}
