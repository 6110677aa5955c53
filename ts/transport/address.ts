/**
 * IP addresses as the records carry them: 16 bytes in network order, IPv4 in the first 4, beside a
 * family and a scope id.
 */
import { isIP, isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Address } from '../address.js'

export interface PackedAddress {
  readonly family: 4 | 6
  readonly scope: number
  readonly bytes: Uint8Array
}

/** Undefined unless `host` is an IP address (`::1`, `fe80::1%eth0`, `10.0.0.1`). */
export function packAddress(host: string): PackedAddress | undefined {
  const version = isIP(host)
  const bytes = new Uint8Array(16)
  if (version === 4) {
    bytes.set(ipv4Bytes(host))
    return { family: 4, scope: 0, bytes }
  }
  if (version !== 6) return undefined
  const [address = '', zone] = host.split('%', 2)
  const scope = zone === undefined ? 0 : scopeOf(zone)
  if (scope === undefined) return undefined
  writeGroups(bytes, address)
  return { family: 6, scope, bytes }
}

/** An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) comes out as IPv4. */
export function unpackAddress(
  family: number,
  bytes: Uint8Array,
  port: number,
  scope: number,
): Address {
  if (family === 4) return { host: bytes.subarray(0, 4).join('.'), port, family: 'IPv4' }
  if (isMapped(bytes)) return { host: bytes.subarray(12, 16).join('.'), port, family: 'IPv4' }
  const zone = scope === 0 ? '' : `%${zoneOf(scope)}`
  return { host: `${ipv6Text(bytes)}${zone}`, port, family: 'IPv6' }
}

function ipv4Bytes(host: string): number[] {
  return host.split('.').map(Number)
}

function writeGroups(bytes: Uint8Array, address: string): void {
  const [head = '', tail] = address.split('::', 2)
  const front = groupBytes(head)
  const back = tail === undefined ? [] : groupBytes(tail)
  bytes.set(front)
  bytes.set(back, 16 - back.length)
}

function groupBytes(groups: string): number[] {
  if (groups === '') return []
  return groups.split(':').flatMap((group) => {
    if (isIPv4(group)) return ipv4Bytes(group)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 255 && bytes[11] === 255 && bytes.subarray(0, 10).every((byte) => byte === 0)
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zeros as `::`. */
function ipv6Text(bytes: Uint8Array): string {
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2)
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16))
  let longest = { start: 0, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > longest.length) longest = { start, length }
  }
  if (longest.length < 2) return groups.join(':')
  const after = longest.start + longest.length
  return `${groups.slice(0, longest.start).join(':')}::${groups.slice(after).join(':')}`
}

/** A zone is the name of an interface or a number; undefined if there is no such interface. */
function scopeOf(zone: string): number | undefined {
  if (/^\d+$/.test(zone)) return Number(zone)
  // Only its link-local addresses tell the scope of an interface.
  const addresses = networkInterfaces()[zone] ?? []
  return addresses.find((each) => each.family === 'IPv6' && each.scopeid > 0)?.scopeid
}

function zoneOf(scope: number): string {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some((each) => each.family === 'IPv6' && each.scopeid === scope)) return name
  }
  return String(scope)
}
