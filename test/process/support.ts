/** Programs of their own process, on the built library as its users import it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly error: string
}

export function run(program: string, ...args: (string | number)[]): Promise<Ended> {
  return runWith([], program, ...args)
}

/** The same, with flags for Node. */
export async function runWith(
  flags: readonly string[],
  program: string,
  ...args: (string | number)[]
): Promise<Ended> {
  const path = fileURLToPath(new URL(`./programs/${program}.mjs`, import.meta.url))
  const child = spawn(process.execPath, [...flags, path, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [[code, signal], out, error] = await Promise.all([
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    text(child.stdout),
    text(child.stderr),
  ])
  return { code, signal, out, error }
}
