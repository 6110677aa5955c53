/** Declarations and their comments, read from TypeScript sources without checking types. */
import ts from 'typescript'

/** The source's .d.ts: what a user's compiler sees of it. */
export function declarationsOf(path, source) {
  const { outputText, diagnostics } = ts.transpileDeclaration(source, {
    fileName: path,
    compilerOptions: { target: ts.ScriptTarget.ES2022, isolatedDeclarations: true },
  })
  const [first] = diagnostics ?? []
  if (first !== undefined) {
    throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`)
  }
  return parse(path, outputText)
}

export function parse(path, source) {
  return ts.createSourceFile(path, source, ts.ScriptTarget.ES2022, true)
}

/** The text of a node's doc comment, lines joined within a paragraph; undefined without one. */
export function commentOf(node) {
  const comment = node.jsDoc?.at(-1)?.comment
  const text = comment === undefined ? '' : ts.getTextOfJSDocComment(comment)
  if (text.trim() === '') return undefined
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, ' '))
    .join('\n\n')
}
