/** What the tests of the native transport share. */

import { readdirSync, readFileSync } from 'node:fs'
import net from 'node:net'

/** 1 in `check`, 10 in `check:full`. */
export const SCALE: number = process.env['REPOD_FULL'] === '1' ? 10 : 1

/** Names of this process's threads. */
export function threads(): string[] {
  return readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim(),
  )
}

/** xorshift32: the same numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

export function turn(): Promise<void> {
  return new Promise((done) => setImmediate(done))
}

/** Looks once per turn, at most `ms`. */
export async function until(what: string, condition: () => boolean, ms = 30_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await turn()
  }
}

export function connect(
  port: number,
  options: net.NetConnectOpts | object = {},
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', ...options })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
