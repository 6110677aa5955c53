/** Programs of their own process, on the built library as its users import it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

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

/** A program that is talked to; gone when the test is over. */
export class Talking {
  readonly #child: ChildProcess
  readonly #unread: unknown[] = []
  #wake: (() => void) | undefined

  constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (message) => {
      this.#unread.push(message)
      this.#wake?.()
    })
    child.on('exit', () => this.#wake?.())
    onTestFinished(() => void child.kill('SIGKILL'))
  }

  /** The next that it says; rejects where it has ended instead. */
  async hear<T>(): Promise<T> {
    while (this.#unread.length === 0) {
      const { exitCode, signalCode } = this.#child
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`the program ended: ${exitCode ?? signalCode}`)
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#unread.shift() as T
  }

  async ask<T>(): Promise<T> {
    this.#child.send('say')
    return this.hear()
  }

  /** Lets it end by itself. */
  async end(): Promise<number | null> {
    const { exitCode } = this.#child
    if (exitCode !== null) return exitCode
    const ended = once(this.#child, 'exit') as Promise<[number | null]>
    if (this.#child.connected) this.#child.disconnect()
    return (await ended)[0]
  }
}

interface Setting {
  readonly flags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** How many descriptors it may have. */
  readonly descriptors?: number
}

export function talkTo(setting: Setting, program: string, ...args: (string | number)[]): Talking {
  const path = fileURLToPath(new URL(`./programs/${program}.mjs`, import.meta.url))
  const { descriptors, env, flags = [] } = setting
  const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors} && `
  const words = [process.execPath, ...flags, path, ...args.map(String)]
  const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...words], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  })
  return new Talking(child)
}
