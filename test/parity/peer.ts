/** The other end of a session: a plain socket that keeps what it got, and events to wait for. */
import net from 'node:net'

/** Resolves waiters whenever something happened; nobody sleeps. */
export class Signal {
  #waiters: (() => void)[] = []

  notify(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Looks again after each event, and in each turn while `eachTurn` is given. */
  async until(what: string, condition: () => boolean, eachTurn?: () => void): Promise<void> {
    const deadline = Date.now() + 5_000
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
      if (eachTurn === undefined) {
        let timer: NodeJS.Timeout | undefined
        await new Promise<void>((wake) => {
          this.#waiters.push(wake)
          timer = setTimeout(wake, 5_100)
        })
        clearTimeout(timer)
      } else {
        eachTurn()
        await new Promise<void>((wake) => setImmediate(wake))
      }
    }
  }
}

export class Peer {
  readonly signal: Signal = new Signal()
  #chunks: Buffer[] = []
  received = 0
  ended = false
  gone = false
  readonly socket: net.Socket

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.received += chunk.length
      this.signal.notify()
    })
    socket.on('end', () => {
      this.ended = true
      this.signal.notify()
    })
    // A reset is one of the ends that sessions bring about; `close` follows it.
    socket.on('error', () => this.signal.notify())
    socket.on('close', () => {
      this.gone = true
      this.signal.notify()
    })
  }

  static connect(port: number): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Peer(socket))
      })
    })
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** Writes in segments: each is handed to the kernel before the next. */
  async write(bytes: Uint8Array, cuts: readonly number[]): Promise<void> {
    const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
    for (const [i, from] of [0, ...at].entries()) {
      const part = bytes.subarray(from, at[i] ?? bytes.length)
      if (part.length > 0) await new Promise<void>((done) => this.socket.write(part, () => done()))
    }
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** What a value looks like in a transcript: type and all bits of it. */
export function show(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) {
    return `${value.constructor.name}(${Buffer.from(value).toString('hex')})`
  }
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (Array.isArray(value)) return `[${value.map(show).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const proto = Object.getPrototypeOf(value) === Object.prototype ? '' : '!'
    const fields = Object.entries(value).map(
      ([key, each]) => `${JSON.stringify(key)}:${show(each)}`,
    )
    return `${proto}{${fields.join(',')}}`
  }
  return JSON.stringify(value) ?? 'undefined'
}
