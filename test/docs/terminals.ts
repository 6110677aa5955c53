/**
 * Plays a transcript of several terminals: `ada$` starts a program, `ada>` types into it, `ada|` is
 * the next line that it prints, `ada^C` and `ada^D` end it. Nothing may be printed that is not shown.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { expect, onTestFinished } from 'vitest'
import { PYTHON } from '../support/python.js'

export interface Stage {
  readonly cwd: string
  readonly kind: 'native' | 'pure'
  /** Stands in for 5071, which another test may be using. */
  readonly port: number
}

/** Throws at the first difference. */
export async function play(transcript: string, stage: Stage): Promise<void> {
  const terminals = new Map<string, Terminal>()
  for (const line of transcript.trimEnd().split('\n')) {
    const [, name = '', sign, text = ''] = /^(\w+)([$>|^]) ?(.*)$/.exec(line) ?? []
    const terminal = terminals.get(name)
    if (sign === '$') {
      await terminal?.ended()
      terminals.set(name, new Terminal(text, stage))
    } else if (terminal === undefined) throw new Error(`nothing runs for: ${line}`)
    else if (sign === '>') terminal.type(text)
    else if (sign === '^') terminal.press(text)
    else {
      const shown = text.replaceAll('5071', String(stage.port))
      expect(await terminal.line(), `${stage.kind}: ${line}`).toBe(shown)
    }
  }
  for (const terminal of terminals.values()) await terminal.ended()
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Settles once somebody listens there: a program that says nothing tells it in no other way. */
export async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isUp = await once(socket, 'connect').then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') return false
        throw error
      },
    )
    socket.destroy()
    if (isUp) return
  }
}

/** What these names stand for, whatever PATH says. */
const PROGRAMS = new Map([
  ['node', process.execPath],
  ['python', PYTHON],
])

export class Terminal {
  readonly #command: string
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>
  readonly #exit: Promise<unknown[]>

  constructor(command: string, { cwd, kind, port }: Stage) {
    const [program = '', ...args] = command.split(' ')
    this.#command = command
    this.#child = spawn(PROGRAMS.get(program) ?? program, args, {
      cwd,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, REPOD_TRANSPORT: kind, PORT: String(port) },
    })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#exit = once(this.#child, 'exit')
    onTestFinished(() => this.#kill())
  }

  async line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next()
    return done === true ? undefined : value
  }

  type(text: string): void {
    this.#child.stdin.write(`${text}\n`)
  }

  press(key: string): void {
    if (key === 'D') this.#child.stdin.end()
    else if (key === 'C') this.#child.kill('SIGINT')
    else throw new Error(`no such key: ${key}`)
  }

  /** As a service manager does. */
  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  /** Settles once it has ended by itself, and has printed nothing that was not shown. */
  async ended(): Promise<void> {
    expect(await this.line(), `${this.#command} prints more than is shown`).toBeUndefined()
    // A compiler that found what it should has its own code.
    if (!this.#command.startsWith('npx')) expect(await this.#exit, this.#command).toEqual([0, null])
  }

  /** For a test that failed half way. */
  #kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      this.#child.kill('SIGKILL')
  }
}
