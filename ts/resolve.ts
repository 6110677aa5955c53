/** Names are resolved here for both transports, which get addresses alone. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/** All addresses of a name, in the resolver's order; an address is its own. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/** One address after the other until one will do; rejects with the last one's error. */
export async function firstThatWorks<T>(
  addresses: readonly string[],
  attempt: (address: string) => Promise<T>,
): Promise<T> {
  let failure: unknown = new Error('the name has no address')
  for (const address of addresses) {
    try {
      return await attempt(address)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
