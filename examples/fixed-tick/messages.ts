/** What server and runners say to each other. */
export type ToServer = { action: 'run'; way: number }

export type ToClient =
  | { action: 'you'; id: number }
  | { action: 'state'; tick: number; coin: number; runners: readonly RunnerState[] }

export interface RunnerState {
  readonly id: number
  readonly x: number
  readonly coins: number
}

/** The lane goes from 0 to this. */
export const LENGTH = 60
export const TICK_RATE = 60
export const PORT = Number(process.env['PORT'] ?? 5071)
