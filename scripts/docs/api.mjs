/**
 * The pages of docs/api: every name that ts/index.ts exports, with its declaration as a user's
 * compiler sees it and its comment. Nothing here is written by hand but the order of the pages.
 */
import ts from 'typescript'
import { commentOf, declarationsOf, parse } from './declarations.mjs'
import { prose, table } from './markdown.mjs'

/** Which page a module's exports are on; a module that is not named is on the last. */
const PAGES = [
  {
    file: 'server',
    title: 'Server',
    modules: ['server', 'listening', 'stats', 'address', 'transport/transport'],
  },
  { file: 'channel', title: 'Channel', modules: ['channel'] },
  { file: 'connection-listener', title: 'ConnectionListener', modules: ['connection-listener'] },
  { file: 'client', title: 'Client', modules: ['client'] },
  { file: 'messages', title: 'Messages and handlers', modules: ['message', 'framing', 'handlers'] },
  { file: 'errors', title: 'Errors and reasons', modules: ['errors'] },
  { file: 'options', title: 'Options', modules: ['options'] },
  { file: 'logging', title: 'Logging and diagnostics', modules: ['logging', 'observe'] },
  { file: 'more', title: 'More', modules: [] },
]

/** Path below docs/ to text. `read` gives the text of a path below ts/. */
export function apiPages(read) {
  const entries = exportsOf(parse('index.ts', read('index.ts')))
    .flatMap(({ module, names }) => entriesOf(module, names, read))
    .map((entry) => ({ ...entry, page: pageOf(entry.module) }))
    .sort((a, b) => rankOf(a) - rankOf(b))
  const pages = new Map([['api/index.md', indexPage(entries)]])
  for (const page of PAGES) {
    const own = entries.filter((entry) => entry.page === page)
    if (own.length > 0) pages.set(`api/${page.file}.md`, apiPage(page, own))
  }
  return pages
}

function pageOf(module) {
  return PAGES.find(({ modules }) => modules.includes(module)) ?? PAGES.at(-1)
}

function exportsOf(index) {
  return index.statements.map((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.exportClause?.elements === undefined) {
      throw new Error(`ts/index.ts: only lists of exports are read: ${statement.getText()}`)
    }
    return {
      module: statement.moduleSpecifier.text.replace(/^\.\/|\.js$/g, ''),
      names: statement.exportClause.elements.map(({ name }) => name.text),
    }
  })
}

/** The declarations of these names, in the order of their source. */
function entriesOf(module, names, read) {
  const declared = declarationsOf(`${module}.ts`, read(`${module}.ts`)).statements
  const entries = declared
    .flatMap((statement) => namesOf(statement).map((name) => ({ name, module, statement })))
    .filter(({ name }) => names.includes(name))
  const missing = names.filter((name) => entries.every((entry) => entry.name !== name))
  if (missing.length > 0) throw new Error(`ts/${module}.ts does not declare ${missing.join(', ')}`)
  return entries
}

function namesOf(statement) {
  if (!ts.isVariableStatement(statement))
    return statement.name === undefined ? [] : [statement.name.text]
  return statement.declarationList.declarations.map(({ name }) => name.text)
}

/** Classes first, then functions: types are what they speak of. */
function rankOf({ statement }) {
  const rank = ['class', 'function'].indexOf(kindOf(statement))
  return rank < 0 ? 2 : rank
}

function indexPage(entries) {
  const rows = PAGES.flatMap((page) => entries.filter((entry) => entry.page === page)).map(
    ({ name, page, statement }) => [
      `[\`${name}\`](./${page.file}.md#${name.toLowerCase()})`,
      kindOf(statement),
      prose(firstSentence(commentOf(statement) ?? '')),
    ],
  )
  return `${GENERATED}# API

Everything that \`import … from 'repod'\` gives.

${table(['name', 'what', ''], rows)}
`
}

function apiPage({ title }, entries) {
  const names = new Set(entries.map(({ name }) => name))
  const parts = entries.map(({ name, statement }) => {
    const comment = commentOf(statement)
    const head = `## ${name}\n\n${comment === undefined ? '' : `${prose(comment)}\n\n`}`
    if (!ts.isClassDeclaration(statement)) {
      const behind = typesBehind(statement, names)
      return head + fence([statement, ...behind].map(declaration).join('\n\n'))
    }
    return [head + fence(classHead(statement)), ...membersOf(statement).map(member)].join('\n\n')
  })
  return `${GENERATED}# ${title}\n\n${parts.join('\n\n')}\n`
}

function member(node) {
  const comment = commentOf(node)
  const text = comment === undefined ? '' : `\n\n${prose(comment)}`
  return `### ${titleOf(node)}\n\n${fence(node.getText().replace(/^ {4}/gm, ''))}${text}`
}

function titleOf(node) {
  if (ts.isConstructorDeclaration(node)) return 'constructor()'
  const name = node.name.getText()
  return ts.isMethodDeclaration(node) ? `${name}()` : name
}

/**
 * The public ones. A source that is transpiled alone declares a method with a computed name twice,
 * first as a property: the method counts.
 */
function membersOf(statement) {
  const isMethod = new Set(statement.members.filter(ts.isMethodDeclaration).map(titleOf))
  return statement.members.filter((node) => {
    if (node.name !== undefined && ts.isPrivateIdentifier(node.name)) return false
    if ((ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0) return false
    return ts.isMethodDeclaration(node) || !isMethod.has(`${titleOf(node)}()`)
  })
}

/** What a type is made of in its own module, and what cannot be imported: else it says nothing. */
function typesBehind(statement, importable) {
  const { statements } = statement.getSourceFile()
  const local = new Map(
    statements
      .flatMap((each) => namesOf(each).map((name) => [name, each]))
      .filter(([name]) => !importable.has(name)),
  )
  const found = new Set()
  const visit = (node) => {
    const declared = ts.isIdentifier(node) ? local.get(node.text) : undefined
    if (declared !== undefined && declared !== statement && !found.has(declared)) {
      found.add(declared)
      visit(declared)
    }
    ts.forEachChild(node, visit)
  }
  visit(statement)
  return found
}

/** As it is declared, comments of its members included, its own not: that is the text above. */
function declaration(statement) {
  return statement.getText().replace(/^(export )?(declare )?/, '')
}

function classHead(statement) {
  const text = statement.getText()
  const brace = statement.members.pos - statement.getStart() - 1
  return text
    .slice(0, brace)
    .trim()
    .replace(/^export declare /, '')
}

function kindOf(statement) {
  if (ts.isClassDeclaration(statement)) return 'class'
  if (ts.isInterfaceDeclaration(statement)) return 'interface'
  if (ts.isFunctionDeclaration(statement)) return 'function'
  return ts.isTypeAliasDeclaration(statement) ? 'type' : 'constant'
}

function firstSentence(text) {
  return /^.*?[.:](?=\s|$)/s.exec(text)?.[0].replace(/:$/, '.') ?? text
}

function fence(code) {
  const indented = code.replace(/^( {4})+/gm, (spaces) => spaces.slice(spaces.length / 2))
  return `\`\`\`ts\n${indented}\n\`\`\``
}

const GENERATED = `<!-- Generated from the declarations by npm run docs: do not edit. -->

`
