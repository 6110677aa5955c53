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

/** What only some of the classes and calls take. */
function others(comments) {
  const rows = []
  for (const owner of ['ServerOptions', 'ListenerOptions', 'AbortOptions']) {
    for (const [key, comment] of comments) {
      const [before, name] = key.split('.')
      if (before === owner) rows.push([`\`${name}\``, `\`${owner}\``, comment])
    }
  }
  return table(['option', 'of', 'what it does'], rows)
}

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
    if (
      ts.isInterfaceDeclaration(statement) &&
      /(Server|Listener|Abort)Options$/.test(statement.name.text)
    ) {
      if (!statement.name.text.startsWith('Parsed')) add(statement.name.text, statement.members)
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
