/** Text that others wrote, made fit for a line that people and machines read. */
import { Buffer } from 'node:buffer'
import { FIXED } from './options.js'

/**
 * At most the first 128 bytes of it, and nothing that ends a line, moves a cursor or turns the
 * direction of what follows: such characters stand as `\u001b`. What was cut ends in `…`.
 */
export function visible(text: string): string {
  const cut = cutTo(text, FIXED.loggedText)
  return cut.length < text.length ? `${escaped(cut)}…` : escaped(cut)
}

/**
 * The stack of an error, its text made visible; empty where there is none. What is thrown in a
 * handler may carry what a peer wrote, lines that look like another's among it.
 */
export function visibleStack(error: unknown): string {
  try {
    if (!(error instanceof Error) || typeof error.stack !== 'string') return ''
    const { name, message, stack } = error
    const at = stack.indexOf(message)
    const below = at === -1 ? '' : stack.slice(at + message.length)
    const calls = below.split('\n').filter((line) => /^\s+at /.test(line))
    const lines = [`${name}: ${visible(message)}`, ...calls.map(escaped)]
    return lines.join('\n')
  } catch {
    // A getter of what was thrown throws itself: it has no stack to show.
    return ''
  }
}

/** No more bytes than that in UTF-8, and no half of a character. */
function cutTo(text: string, bytes: number): string {
  let length = 0
  let end = 0
  for (const character of text) {
    length += Buffer.byteLength(character)
    if (length > bytes) break
    end += character.length
  }
  return text.slice(0, end)
}

function escaped(text: string): string {
  return text.replaceAll(HIDDEN, (character) => escapeOf(character))
}

function escapeOf(character: string): string {
  const digits = (character.codePointAt(0) as number).toString(16).padStart(4, '0')
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`
}

/** Controls, formats (among them those of direction), separators of lines, halves of pairs. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
