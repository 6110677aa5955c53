/** What the generators and the tests know of Markdown: fences, regions, text that is no markup. */

/** Each fenced block: the line of its fence, its language, its label (`[server.ts]`) and its code. */
export function blocksOf(page) {
  const blocks = []
  for (const match of page.matchAll(/^```(\w+)(?: \[(.+?)\])?.*\n([\s\S]*?)^```$/gm)) {
    const [, language, label, code] = match
    blocks.push({ line: page.slice(0, match.index).split('\n').length, language, label, code })
  }
  return blocks
}

/** The page with new contents between `<!-- generated: name -->` and `<!-- end -->`. */
export function filled(page, name, contents) {
  const start = `<!-- generated: ${name} -->\n`
  const from = page.indexOf(start)
  const to = page.indexOf('<!-- end -->', from)
  if (from < 0 || to < 0) throw new Error(`the page has no region "${name}"`)
  return `${page.slice(0, from + start.length)}\n${contents}\n\n${page.slice(to)}`
}

export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A comment as text of a page: what it does not mark as code must not be read as HTML. */
export function prose(comment) {
  return comment
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('{{', '{ {')))
    .join('')
}
