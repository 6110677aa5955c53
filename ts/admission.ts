/** Who is let in: the connections of a server, counted in all and by their address. */
import { isIPv4 } from 'node:net'
import type { EndpointOptions } from './options.js'
import type { ConnectionLimit } from './stats.js'

type Limits = Pick<EndpointOptions, 'maxConnections' | 'maxConnectionsPerIp' | 'exemptLoopback'>

export class Admission {
  readonly #limits: Limits
  readonly #byIp = new Map<string, number>()
  #count = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** The limit that one more from there would exceed. */
  refusal(host: string): ConnectionLimit | undefined {
    const { maxConnections, maxConnectionsPerIp, exemptLoopback } = this.#limits
    if (this.#count >= maxConnections) return 'maxConnections'
    const ip = ipOf(host)
    if (exemptLoopback && isLoopback(ip)) return undefined
    return (this.#byIp.get(ip) ?? 0) >= maxConnectionsPerIp ? 'maxConnectionsPerIp' : undefined
  }

  enter(host: string): void {
    const ip = ipOf(host)
    this.#count++
    this.#byIp.set(ip, (this.#byIp.get(ip) ?? 0) + 1)
  }

  leave(host: string): void {
    const ip = ipOf(host)
    this.#count--
    const left = (this.#byIp.get(ip) ?? 0) - 1
    if (left > 0) this.#byIp.set(ip, left)
    else this.#byIp.delete(ip)
  }
}

/**
 * What counts as one address: of IPv6 its /64, which is what a single household or machine is given;
 * IPv4 is itself, also where it is written in IPv6.
 */
export function ipOf(host: string): string {
  if (isIPv4(host)) return host
  const [address = ''] = host.split('%')
  const groups = groupsOf(address)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) {
    const [high = 0, low = 0] = groups.slice(6)
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  // No network: loopback.
  const network = groups.slice(0, 4)
  if (network.every((group) => group === 0)) return address
  return `${network.map((group) => group.toString(16)).join(':')}::/64`
}

function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1'
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text =
    dotted === null
      ? address
      : dotted[1] +
        [
          [2, 3],
          [4, 5],
        ]
          .map((at) => hexPair(dotted, at))
          .join(':')
  const [before = '', after] = text.split('::')
  const head = numbersOf(before)
  const tail = numbersOf(after ?? '')
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  return [...head, ...Array.from({ length: zeros }, () => 0), ...tail]
}

function hexPair(dotted: readonly string[], places: readonly number[]): string {
  const [high = 0, low = 0] = places.map((place) => Number(dotted[place]))
  return ((high << 8) | low).toString(16)
}

function numbersOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
