/** The Python with repodnet and msgpack that `npm run setup` installs, and processes of it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const PYTHON: string = fileURLToPath(
  new URL(
    process.platform === 'win32' ? '../../.venv/Scripts/python.exe' : '../../.venv/bin/python',
    import.meta.url,
  ),
)

export interface PeerEvent {
  readonly event: string
  readonly [field: string]: unknown
}

/** A script of ours that reports by a line of JSON per event. */
export class PythonPeer {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #lines: AsyncIterator<string>
  #errors = ''

  constructor(script: URL, ...args: readonly (string | number)[]) {
    this.#child = spawn(PYTHON, ['-u', fileURLToPath(script), ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** The next event, which must be of that name. */
  async next(event: string): Promise<PeerEvent> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`Python ended before ${event}: ${this.#errors}`)
    const found = JSON.parse(value) as PeerEvent
    if (found.event !== event) throw new Error(`expected ${event}, Python said ${value}`)
    return found
  }

  /** Settles when it has ended well. */
  async exit(): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) await once(this.#child, 'close')
    if (this.#child.exitCode === 0) return
    const how = this.#child.signalCode ?? `exit code ${this.#child.exitCode}`
    throw new Error(`Python ended with ${how}: ${this.#errors}`)
  }

  /** As Ctrl-C does: the one signal at which a Python server cleans up. */
  interrupt(): Promise<void> {
    this.#child.kill('SIGINT')
    return this.exit()
  }

  /** For a test that failed half way. */
  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
  }
}
