/**
 * Reads what a shared library is made for: ELF with its needs, Mach-O and PE by their machine.
 * An own reader and not `objdump`: the machine that packs a release need not have one.
 */

/** `{ format, machine, needed, versions }`; throws for what is none of the three. */
export function readBinary(bytes) {
  if (bytes.length < 64) throw new Error(`${bytes.length} bytes are no library`)
  if (bytes.readUInt32BE(0) === 0x7f454c46) return readElf(bytes)
  if (bytes.readUInt32LE(0) === 0xfeedfacf) {
    return plain('mach-o', MACH_O_MACHINES, bytes.readUInt32LE(4))
  }
  if (bytes.toString('latin1', 0, 2) === 'MZ') {
    const header = bytes.readUInt32LE(0x3c)
    if (bytes.toString('latin1', header, header + 4) === 'PE\0\0') {
      return plain('pe', PE_MACHINES, bytes.readUInt16LE(header + 4))
    }
  }
  throw new Error('neither ELF nor Mach-O nor PE')
}

/** The newest `GLIBC_x.y` that an ELF file asks for, as 'x.y'; undefined if it asks for none. */
export function glibcFloor({ versions }) {
  return versions
    .filter((version) => /^GLIBC_[\d.]+$/.test(version))
    .map((version) => version.slice('GLIBC_'.length))
    .sort(compareVersions)
    .at(-1)
}

/** Negative, zero or positive: '2.9' comes before '2.17'. */
export function compareVersions(one, other) {
  const [left, right] = [one, other].map((version) => version.split('.').map(Number))
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const ELF_MACHINES = new Map([
  [62, 'x86_64'],
  [183, 'aarch64'],
])
const MACH_O_MACHINES = new Map([
  [0x01000007, 'x86_64'],
  [0x0100000c, 'aarch64'],
])
const PE_MACHINES = new Map([
  [0x8664, 'x86_64'],
  [0xaa64, 'aarch64'],
])

const SHT_DYNAMIC = 6
const SHT_GNU_VERNEED = 0x6ffffffe
const DT_NEEDED = 1

function plain(format, machines, number) {
  return { format, machine: nameOf(machines, number), needed: [], versions: [] }
}

function nameOf(machines, number) {
  return machines.get(number) ?? `machine ${number}`
}

function readElf(bytes) {
  // Every target of ours is 64 bits wide and little-endian.
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new Error('no 64-bit little-endian ELF')
  const sections = sectionsOf(bytes)
  const needed = []
  const versions = []
  for (const section of sections) {
    const text = (at) => textAt(bytes, sections[section.link].offset + at)
    if (section.type === SHT_DYNAMIC) needed.push(...neededIn(bytes, section).map(text))
    if (section.type === SHT_GNU_VERNEED) versions.push(...versionsIn(bytes, section).map(text))
  }
  const machine = nameOf(ELF_MACHINES, bytes.readUInt16LE(18))
  return { format: 'elf', machine, needed, versions: [...new Set(versions)] }
}

function sectionsOf(bytes) {
  const table = Number(bytes.readBigUInt64LE(40))
  const [size, count] = [bytes.readUInt16LE(58), bytes.readUInt16LE(60)]
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * size
    return {
      type: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
    }
  })
}

/** Where the names of the needed libraries stand in the section's strings. */
function neededIn(bytes, { offset, size }) {
  const names = []
  for (let at = offset; at < offset + size; at += 16) {
    if (bytes.readBigInt64LE(at) !== BigInt(DT_NEEDED)) continue
    names.push(Number(bytes.readBigUInt64LE(at + 8)))
  }
  return names
}

/** The same for the versions: a chain of libraries, each with a chain of versions. */
function versionsIn(bytes, { offset }) {
  const names = []
  for (let library = offset, step = 1; step !== 0; library += step) {
    let version = library + bytes.readUInt32LE(library + 8)
    for (let left = bytes.readUInt16LE(library + 2); left > 0; left--) {
      names.push(bytes.readUInt32LE(version + 8))
      version += bytes.readUInt32LE(version + 12)
    }
    step = bytes.readUInt32LE(library + 12)
  }
  return names
}

function textAt(bytes, at) {
  return bytes.toString('latin1', at, bytes.indexOf(0, at))
}
