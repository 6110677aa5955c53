/**
 * THIRD-PARTY.md: what a release contains that others wrote, with the texts of the licences it is
 * used under. With `--write` the file is written; a test holds it against what this makes.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, outputOf, root } from './lib/run.mjs'
import { TARGETS } from './release/targets.mjs'

export const PAPER = 'THIRD-PARTY.md'

/** The whole file, made anew from Cargo.lock, the crates' sources and dist/vendor. */
export function licences() {
  const parts = [...crates(), ...bundledPackages()]
  return [
    HEAD,
    '## Crates in the engine\n',
    `Over all targets (${TARGETS.map(({ name }) => name).join(', ')}):\n`,
    table(parts.filter(({ kind }) => kind === 'crate')),
    TOOLCHAIN,
    '## npm packages in `dist`\n',
    table(parts.filter(({ kind }) => kind === 'package')),
    '## Texts\n',
    texts(parts),
  ].join('\n')
}

/** By what cargo resolves for each target; build scripts and macros run at build time and stay out. */
function crates() {
  const found = new Map()
  for (const { rust } of TARGETS) {
    const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', rust]
    const output = outputOf('cargo', args)
    if (output === undefined) fail(`licences: cargo ${args.join(' ')} failed`)
    const { packages, resolve } = JSON.parse(output)
    const byId = new Map(packages.map((each) => [each.id, each]))
    const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
    const waiting = [packages.find(({ name }) => name === 'repod-napi').id]
    const seen = new Set()
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const crate = byId.get(id)
      if (seen.has(id) || crate.targets.some(({ kind }) => kind.includes('proc-macro'))) continue
      seen.add(id)
      if (crate.source !== null) found.set(`${crate.name} ${crate.version}`, ofCrate(crate))
      const linked = nodes
        .get(id)
        .deps.filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null))
      waiting.push(...linked.map((dependency) => dependency.pkg))
    }
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
}

function ofCrate({ name, version, license, authors, manifest_path: manifest }) {
  const used = chosen(name, license)
  const text = textIn(dirname(manifest), used) ?? withoutText(name, used, authors)
  return { kind: 'crate', name, version, license, used, text }
}

function bundledPackages() {
  const vendor = join(root, 'dist/vendor')
  const files = existsSync(vendor) ? readdirSync(vendor) : []
  return files
    .filter((file) => file.endsWith('.LICENSE'))
    .map((file) => {
      const name = file.slice(0, -'.LICENSE'.length)
      const manifest = join(root, 'node_modules', name, 'package.json')
      const { version, license } = JSON.parse(readFileSync(manifest, 'utf8'))
      const text = readFileSync(join(vendor, file), 'utf8')
      return { kind: 'package', name, version, license, used: chosen(name, license), text }
    })
}

/** Of a choice of licences the one this project takes. */
function chosen(name, license) {
  const offered = license.split(' OR ')
  return (
    ACCEPTED.find((each) => offered.includes(each)) ??
    fail(`licences: ${name} is under ${license}; accepted are ${ACCEPTED.join(', ')}`)
  )
}

function textIn(folder, used) {
  const names = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name))
  const wanted = new RegExp(`^licen[cs]e-${used}(\\.|$)`, 'i')
  const found = names.find((name) => wanted.test(name)) ?? names.find((name) => !/-/.test(name))
  return found === undefined ? undefined : readFileSync(join(folder, found), 'utf8')
}

/** A crate that names its licence in its manifest alone. */
function withoutText(name, used, authors) {
  if (used !== 'MIT') fail(`licences: ${name} ships no text of ${used}`)
  const holders = authors.length > 0 ? authors.join(', ') : `the authors of ${name}`
  return `(${name} ships no text; its manifest says MIT.)\n\nCopyright (c) ${holders}\n\n${MIT}`
}

function table(parts) {
  if (parts.length === 0) return 'None.\n'
  const rows = parts.map(
    ({ name, version, license, used }) => `| ${name} | ${version} | ${license} | ${used} |`,
  )
  return `| name | version | offered under | used under |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

/** Each text once, under the names of all that it covers. */
function texts(parts) {
  const byText = new Map()
  for (const { name, text } of parts) {
    const tidy = text
      .replaceAll('\r', '')
      .replaceAll(/[ \t]+$/gm, '')
      .trim()
    byText.set(tidy, [...(byText.get(tidy) ?? []), name])
  }
  return [...byText]
    .map(([text, names]) => `### ${names.join(', ')}\n\n\`\`\`text\n${text}\n\`\`\`\n`)
    .join('\n')
}

const ACCEPTED = ['MIT', 'ISC', 'Apache-2.0', 'BSD-3-Clause', 'Unicode-3.0']

const HEAD = `# Third-party parts

What a release of repod contains that others wrote. Made by \`npm run licences\` from the lockfiles and
the sources themselves; do not edit.
`

const TOOLCHAIN = `Linked too, by the toolchain: Rust's standard library with the crates it is made of (MIT OR
Apache-2.0, used under MIT, The Rust Project Contributors) and, in the Linux builds, the unwinder
and the compiler runtime of LLVM and zig (Apache-2.0 WITH LLVM-exception, whose exception covers
compiled code; MIT, Zig contributors).
`

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = licences()
  if (process.argv.includes('--write')) writeFileSync(join(root, PAPER), text)
  else process.stdout.write(text)
}
