/** What server and players of the lag meter say to each other. Times are in milliseconds. */
export type ToServer =
  | { action: 'join'; name: string }
  | { action: 'ping'; count: number }
  | { action: 'measured'; roundTrip: number }

export type ToClient = { action: 'pong'; count: number } | { action: 'table'; rows: readonly Row[] }

export interface Row {
  readonly name: string
  readonly pings: number
  readonly last: number
  readonly mean: number
  readonly worst: number
}

export const PORT = Number(process.env['PORT'] ?? 5071)
