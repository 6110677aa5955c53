/** A table that redraws itself in a terminal; plain lines anywhere else. */
export interface Row {
  readonly seconds: number
  readonly players: number
  readonly inPerSecond: number
  readonly outPerSecond: number
  /** Microseconds of the game's thread per message, in or out, the game itself included. */
  readonly timePerMessage: number
  /** Milliseconds from an input to the state that shows it. */
  readonly p50: number
  readonly p99: number
  readonly leaders: readonly string[]
}

export class Table {
  readonly #out: NodeJS.WriteStream
  readonly #heading: string
  readonly #transport: string
  readonly #timeName: string
  #drawn = 0

  constructor(out: NodeJS.WriteStream, transport: string, reason: string, timeName: string) {
    this.#out = out
    this.#transport = transport
    this.#heading = `${transport} (${reason})`
    this.#timeName = timeName
    if (!out.isTTY) out.write(`transport: ${this.#heading}\n`)
  }

  show(row: Row): void {
    if (this.#out.isTTY) this.#redraw(row)
    else this.#out.write(`${this.#line(row)}\n`)
  }

  end(total: Row): void {
    this.#out.write(`\nThe whole time:\n${this.#line(total)}\n`)
    this.#out.write(`The sparks that shone: ${total.leaders.join(', ')}\n`)
  }

  #line(row: Row): string {
    return [
      `${row.seconds.toFixed(0).padStart(2)} s`,
      `${row.players} players`,
      `${whole(row.inPerSecond)} msg/s in`,
      `${whole(row.outPerSecond)} msg/s out`,
      `${row.timePerMessage.toFixed(2)} us JS ${this.#timeName}/msg`,
      `round trip p50 ${row.p50.toFixed(1)} ms, p99 ${row.p99.toFixed(1)} ms`,
      this.#transport,
    ].join(' | ')
  }

  #redraw(row: Row): void {
    const lines = [
      ['transport', this.#heading],
      ['players', String(row.players)],
      ['messages in', `${whole(row.inPerSecond)} per second`],
      ['messages out', `${whole(row.outPerSecond)} per second`],
      [`JS ${this.#timeName}`, `${row.timePerMessage.toFixed(2)} us per message, game included`],
      ['round trip', `p50 ${row.p50.toFixed(1)} ms, p99 ${row.p99.toFixed(1)} ms`],
      ['leaders', row.leaders.join(', ')],
    ].map(([name = '', value]) => `  ${name.padEnd(14)}${value}\u001b[K\n`)
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`
    this.#out.write(up + lines.join(''))
    this.#drawn = lines.length
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
