/**
 * Packages that the library imports and a user must not have to install: each becomes one file in
 * dist/vendor, with its licence beside it, and the imports in dist point there.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { attempt, fail, root } from '../lib/run.mjs'

const IMPORT = /^((?:import|export)\b[^'"]*?\bfrom |import )(['"])([^'"]+)\2/gm

/**
 * Bundles what the compiled tree `folder` imports by a bare name; `installed` are the names that
 * stay imports, as users get those packages. Answers the names of the bundled packages.
 */
export function bundleInto(folder, installed = Object.keys(manifest().dependencies)) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const bundled = new Map()
  for (const file of files.filter((name) => /\.(js|d\.ts)$/.test(name))) {
    const path = join(folder, file)
    const before = readFileSync(path, 'utf8')
    const after = before.replaceAll(IMPORT, (whole, head, quote, specifier) => {
      if (isRelative(specifier) || isBuiltin(specifier)) return whole
      if (installed.includes(packageOf(specifier))) return whole
      if (file.endsWith('.d.ts')) fail(`setup: ${file} hands types of ${specifier} to the user`)
      const vendored = join(folder, 'vendor', `${specifier.replaceAll('/', '-')}.js`)
      bundled.set(specifier, vendored)
      const way = relative(dirname(path), vendored).replaceAll('\\', '/')
      return `${head}${quote}${isRelative(way) ? way : `./${way}`}${quote}`
    })
    if (after !== before) writeFileSync(path, after)
  }
  for (const [specifier, vendored] of bundled) bundle(specifier, vendored)
  return [...new Set([...bundled.keys()].map(packageOf))]
}

function bundle(specifier, vendored) {
  const name = packageOf(specifier)
  const module = `node_modules/${name}`
  mkdirSync(dirname(vendored), { recursive: true })
  const cli = join(root, 'node_modules/rolldown/bin/cli.mjs')
  const bundler = ['--format', 'esm', '--platform', 'node', '--logLevel', 'warn']
  const entry = fileURLToPath(import.meta.resolve(specifier))
  const args = [cli, entry, ...bundler, '--file', vendored]
  const result = attempt(process.execPath, args, { quiet: true })
  if (!result.ok) fail(`setup: ${specifier} was not bundled (${result.how}):\n${result.output}`)
  const text = readFileSync(vendored, 'utf8')
  for (const [, , , left] of text.matchAll(IMPORT)) {
    if (!isBuiltin(left)) fail(`setup: the bundle of ${specifier} still imports ${left}`)
  }
  const licence = readdirSync(join(root, module)).find((file) => /^licen[cs]e/i.test(file))
  if (licence === undefined) fail(`setup: ${name} has no licence text`)
  const beside = join(dirname(vendored), `${name.replaceAll('/', '-')}.LICENSE`)
  copyFileSync(join(root, module, licence), beside)
}

function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

function isRelative(specifier) {
  return specifier.startsWith('.')
}

/** '@scope/name/sub/path' belongs to '@scope/name'. */
function packageOf(specifier) {
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
