/** One end of a connection, or what a server listens on. An IPv4 peer of `::` is IPv4. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly family: 'IPv4' | 'IPv6'
}
