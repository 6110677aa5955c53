/**
 * Whether an addon is whole. The dynamic linker maps what an ELF file's head promises without looking
 * at the file's length; the first touch of a page that is not there ends the process by SIGBUS, and no
 * `catch` sees it. An interrupted download or copy must not do that to a game.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** How many bytes the file ought to have, if it is ELF and has fewer; throws what opening throws. */
export function cutOffBefore(file: string): number | undefined {
  const descriptor = openSync(file, 'r')
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) return undefined
    const promised = promisedLength(descriptor)
    return promised === undefined || promised <= stats.size ? undefined : promised
  } finally {
    closeSync(descriptor)
  }
}

/** The end of the last segment that is mapped; undefined for what the linker refuses by itself. */
function promisedLength(descriptor: number): number | undefined {
  const head = bytesAt(descriptor, 0, HEAD_BYTES)
  if (head.length < HEAD_BYTES || head.readUInt32BE(0) !== MAGIC || head[4] !== CLASS_64) {
    return undefined
  }
  const start = Number(head.readBigUInt64LE(PROGRAM_HEADERS))
  const [size, count] = [head.readUInt16LE(ENTRY_BYTES), head.readUInt16LE(ENTRIES)]
  const table = bytesAt(descriptor, start, size * count)
  let end = start + size * count
  for (let at = 0; size >= SEGMENT_BYTES && at + size <= table.length; at += size) {
    const [offset, length] = [table.readBigUInt64LE(at + 8), table.readBigUInt64LE(at + 32)]
    end = Math.max(end, Number(offset + length))
  }
  return end
}

const MAGIC = 0x7f454c46
const HEAD_BYTES = 64
/** Every platform with a prebuild is 64 bits wide and little-endian. */
const CLASS_64 = 2
const PROGRAM_HEADERS = 32
const ENTRY_BYTES = 54
const ENTRIES = 56
const SEGMENT_BYTES = 56

function bytesAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position))
}
