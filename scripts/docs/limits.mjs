/** The tables of docs/limits.md, from the values of ts/options.ts and the comments beside them. */
import ts from 'typescript'
import { commentOf, parse } from './declarations.mjs'
import { filled, prose, table } from './markdown.mjs'

/** `page` with its tables as `options` (the module's values) and `source` (its text) say. */
export function limitsPage(page, options, source) {
  const comments = commentsOf(source)
  const regions = {
    numbers: numbers(options.NUMBER_OPTIONS, comments),
    choices: choices(options.CHOICE_OPTIONS, comments),
    others: others(comments),
  }
  return Object.entries(regions).reduce(
    (filledIn, [name, contents]) => filled(filledIn, name, contents),
    page,
  )
}

function numbers(specs, comments) {
  const rows = Object.entries(specs).map(([name, { unit, server, client, min, max }]) => [
    `\`${name}\``,
    unit,
    server === client ? digits(server) : `${digits(server)} / ${digits(client)}`,
    `${digits(min)} to ${digits(max)}`,
    comments.get(`NUMBER_OPTIONS.${name}`),
  ])
  return table(['option', 'unit', 'default', 'range', 'what it bounds, and what happens'], rows)
}

function choices(specs, comments) {
  const rows = Object.entries(specs).map(([name, { values, server, client }]) => [
    `\`${name}\``,
    values.map(code).join(', '),
    server === client ? code(server) : `${code(server)} / ${code(client)}`,
    comments.get(`CHOICE_OPTIONS.${name}`),
  ])
  return table(['option', 'values', 'default', 'what it does'], rows)
}

/** What only some of the classes and calls take; what several take alike, once. */
function others(comments) {
  const rows = new Map()
  for (const [key, comment] of comments) {
    const [owner, name] = key.split('.')
    if (!INTERFACES.includes(owner)) continue
    const row = rows.get(name + comment) ?? { name, owners: [], comment }
    row.owners.push(`\`${owner}\``)
    rows.set(name + comment, row)
  }
  const cells = [...rows.values()].map((row) => [
    `\`${row.name}\``,
    row.owners.join(', '),
    row.comment,
  ])
  return table(['option', 'of', 'what it does'], cells)
}

const INTERFACES = ['ServerOptions', 'ClientOptions', 'ListenerOptions', 'AbortOptions']
const TABLES = ['NUMBER_OPTIONS', 'CHOICE_OPTIONS']

/** `owner.name` to text, for every property of the two tables and every member of an interface. */
function commentsOf(source) {
  const comments = new Map()
  const add = (owner, nodes) => {
    for (const node of nodes) {
      const key = `${owner}.${node.name.text}`
      const comment = commentOf(node)
      if (comment === undefined) throw new Error(`ts/options.ts: ${key} has no comment of its own`)
      comments.set(key, prose(comment).replaceAll('\n\n', ' '))
    }
  }
  for (const statement of parse('options.ts', source).statements) {
    if (ts.isInterfaceDeclaration(statement) && INTERFACES.includes(statement.name.text)) {
      add(statement.name.text, statement.members)
    }
    if (!ts.isVariableStatement(statement)) continue
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (TABLES.includes(name.text)) add(name.text, objectOf(initializer).properties)
    }
  }
  return comments
}

function objectOf(expression) {
  return ts.isAsExpression(expression) ? expression.expression : expression
}

function digits(value) {
  return value.toLocaleString('en-US')
}

function code(value) {
  return `\`${typeof value === 'string' ? `'${value}'` : value}\``
}
