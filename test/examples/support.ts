/** The examples as their users start them: processes with a terminal's input and output. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import { PYTHON } from '../support/python.js'
import type { TRANSPORTS } from '../support/transports.js'

/** Several processes each, and Python takes its time to start on a busy machine. */
vi.setConfig({ testTimeout: 30_000 })

export type Transport = (typeof TRANSPORTS)[number]

export interface Setting {
  readonly transport?: Transport
  readonly port?: number
}

/** `chat/server` of `examples/`, as the set-up has compiled it. */
export function start(program: string, setting: Setting, ...args: readonly string[]): Program {
  const path = new URL(`../../build/examples/${program}.js`, import.meta.url)
  return new Program(process.execPath, [fileURLToPath(path), ...args], setting)
}

/** `chat/python/player`, with the real Python repod. */
export function startPython(
  program: string,
  setting: Setting,
  ...args: readonly string[]
): Program {
  const path = new URL(`../../examples/${program}.py`, import.meta.url)
  return new Program(PYTHON, ['-u', fileURLToPath(path), ...args], setting)
}

/** Its first line ends with `on host:port (transport)`; the transport must be the one asked for. */
export async function portOf(server: Program, transport: Transport): Promise<number> {
  const line = await server.line(/ on [\d.]+:\d+ \(\w+\)$/)
  const [, port, found] = /:(\d+) \((\w+)\)$/.exec(line) ?? []
  if (found !== transport) throw new Error(`asked for ${transport}: ${line}`)
  return Number(port)
}

export class Program {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #ended: Promise<string>
  #seen = ''

  constructor(command: string, args: readonly string[], { transport, port = 0 }: Setting) {
    this.#child = spawn(command, args, {
      env: {
        ...process.env,
        PORT: String(port),
        PYTHONDONTWRITEBYTECODE: '1',
        ...(transport === undefined ? {} : { REPOD_TRANSPORT: transport }),
      },
    })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#seen += text
    })
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => resolve(String(code ?? signal)))
    })
    onTestFinished(() => void this.#child.kill('SIGKILL'))
  }

  /** The next line that matches; those before it are passed over. Rejects where it ends first. */
  async line(wanted: string | RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done === true)
        throw new Error(`ended (${await this.#ended}), no ${wanted}: ${this.#seen}`)
      this.#seen += `${value}\n`
      if (typeof wanted === 'string' ? value === wanted : wanted.test(value)) return value
    }
  }

  /** The very next line. */
  next(): Promise<string> {
    return this.line(/^/)
  }

  type(text: string): void {
    this.#child.stdin.write(text)
  }

  /** As Ctrl-D does. How it ended: `0`, another exit code, or a signal. */
  endOfInput(): Promise<string> {
    this.#child.stdin.end()
    return this.ended()
  }

  /** As Ctrl-C does. */
  interrupt(): Promise<string> {
    this.#child.kill('SIGINT')
    return this.ended()
  }

  /** What it has printed and nobody has read does not hold it up. */
  async ended(): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done === true) break
      this.#seen += `${value}\n`
    }
    return this.#ended
  }

  /** All that was read of its output, with all of its errors. */
  get seen(): string {
    return this.#seen
  }
}
