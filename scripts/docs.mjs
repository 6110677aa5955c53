/** Brings the generated pages up to date, then builds the site into docs/.vitepress/dist. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { generatedPages } from './docs/generate.mjs'
import { root, tool } from './lib/run.mjs'
import { buildTypeScript } from './setup/typescript.mjs'

buildTypeScript({ say: (what) => console.log(`docs: ${what}`), quiet: false })
const options = await import(pathToFileURL(join(root, 'dist/options.js')).href)
write(generatedPages(options))
tool('vitepress/bin/vitepress.js', ['build', 'docs'])

/** A page of the API that is not generated any more goes. */
function write(pages) {
  const api = join(root, 'docs/api')
  mkdirSync(api, { recursive: true })
  for (const name of readdirSync(api)) {
    if (!pages.has(`api/${name}`)) rmSync(join(api, name))
  }
  for (const [path, text] of pages) writeFileSync(join(root, 'docs', path), text)
}
