/** Text that others wrote, made fit for a line that people and machines read. */
import { Buffer } from 'node:buffer'
import { FIXED } from './options.js'

/**
 * At most the first 128 bytes of it, and nothing that ends a line, moves a cursor or turns the
 * direction of what follows: such characters stand as `\u001b`. What was cut ends in `…`.
 */
export function visible(text: string): string {
  const cut = cutTo(text, FIXED.loggedText)
  const shown = cut.replaceAll(HIDDEN, (character) => escapeOf(character))
  return cut.length < text.length ? `${shown}…` : shown
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

function escapeOf(character: string): string {
  const digits = (character.codePointAt(0) as number).toString(16).padStart(4, '0')
  return digits.length > 4 ? `\\u{${digits}}` : `\\u${digits}`
}

/** Controls, formats (among them those of direction), separators of lines, halves of pairs. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
