/** What the server says to players, and what it says to the thread that started it. */
export type ToServer = { action: 'knock' }

export type ToClient = { action: 'knocked'; times: number } | { action: 'opened'; by: string }

/** A Worker's `workerData`. */
export interface Keeper {
  readonly port: number
  /** One number, shared by both threads: how often somebody has knocked. */
  readonly knocks: SharedArrayBuffer
}

/** From the server, once: it listens. */
export interface Listening {
  readonly where: string
}

/** To the server: the keeper is up and opens. */
export interface Opening {
  readonly by: string
}

export const PORT = Number(process.env['PORT'] ?? 5071)
