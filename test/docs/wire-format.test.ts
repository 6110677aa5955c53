import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encode, readMessage } from '../../ts/framing.js'
import { ROOT } from './blocks.js'

const PAGE = readFileSync(join(ROOT, 'docs/wire-format.md'), 'utf8')
const EXAMPLES = [...PAGE.matchAll(/^\| `(\{.+?\})` \| `([0-9a-f ]+)` \|$/gm)]

test('the frames of the page are those of their messages, both ways', () => {
  expect(EXAMPLES).toHaveLength(3)
  for (const [, json = '', hex = ''] of EXAMPLES) {
    const message = JSON.parse(json) as { action: string }
    const frame = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
    expect(encode(message)).toEqual(frame)
    expect(readMessage(frame)).toEqual({ message, consumed: frame.length })
  }
})
