import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { cutOffBefore } from '../../../ts/transport/elf.js'

const folder = mkdtempSync(join(tmpdir(), 'repod-elf-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SEGMENT = 56

/** An ELF head with segments, each of `[offset, length]` in the file. */
function elf(...segments: readonly (readonly [number, number])[]): Buffer {
  const bytes = Buffer.alloc(64 + segments.length * SEGMENT)
  bytes.writeUInt32BE(0x7f454c46, 0)
  bytes[4] = 2
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(SEGMENT, 54)
  bytes.writeUInt16LE(segments.length, 56)
  for (const [at, [offset, length]] of segments.entries()) {
    bytes.writeBigUInt64LE(BigInt(offset), 64 + at * SEGMENT + 8)
    bytes.writeBigUInt64LE(BigInt(length), 64 + at * SEGMENT + 32)
  }
  return bytes
}

function file(...parts: readonly Buffer[]): string {
  const path = join(folder, 'addon.node')
  writeFileSync(path, Buffer.concat(parts))
  return path
}

it('finds a whole file whole, to the last byte', () => {
  const head = elf([0, 100], [500, 100])
  expect(cutOffBefore(file(head, Buffer.alloc(600 - head.length)))).toBeUndefined()
})

it('tells the length that a file ought to have', () => {
  const head = elf([500, 100], [0, 100])
  expect(cutOffBefore(file(head, Buffer.alloc(599 - head.length)))).toBe(600)
})

it('finds a table of segments that is cut off itself', () => {
  const head = elf([0, 64], [0, 64])
  expect(cutOffBefore(file(head.subarray(0, 130)))).toBe(head.length)
})

it('believes no segment that is longer than any file', () => {
  const head = elf([0, 64])
  head.writeBigUInt64LE(2n ** 64n - 1n, 64 + 32)
  expect(cutOffBefore(file(head))).toBe(2 ** 64)
})

it.each([
  ['nothing', Buffer.alloc(0)],
  ['less than a head', elf().subarray(0, 63)],
  ['text', Buffer.from('a'.repeat(100))],
  ['32 bits', Buffer.from(elf([0, 10_000])).fill(1, 4, 5)],
])('leaves to the linker what it refuses by itself: %s', (_, bytes) => {
  expect(cutOffBefore(file(bytes))).toBeUndefined()
})

it('leaves a folder alone, and throws for what is not there', () => {
  expect(cutOffBefore(folder)).toBeUndefined()
  expect(() => cutOffBefore(join(folder, 'gone'))).toThrow(/ENOENT/)
})
