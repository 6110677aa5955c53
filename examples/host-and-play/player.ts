/** One who plays: the same for the host and for the guest. */
import { createInterface, type Interface } from 'node:readline'
import {
  ConnectionListener,
  type Handlers,
  type LifecycleHandlers,
  type MessageOf,
  type RepodError,
} from 'repod'
import type { ToClient, ToServer } from './messages.js'

export class Player
  extends ConnectionListener<ToServer>
  implements Handlers<ToClient>, LifecycleHandlers
{
  readonly #lines: Interface = createInterface({ input: process.stdin })
  readonly #name: string

  constructor(name: string) {
    super({ dispatch: 'auto' })
    this.#name = name
    this.#lines.on('line', (line) => this.send({ action: 'take', sticks: Number(line) }))
  }

  /** Settles when the game is over, or the player has left it with Ctrl-D or Ctrl-C. */
  async play(port: number): Promise<void> {
    const over = new Promise<void>((resolve) => this.#lines.once('close', resolve))
    process.once('SIGINT', () => this.#lines.close())
    this.connect('127.0.0.1', port)
    this.send({ action: 'sit', name: this.#name })
    await over
    await this.close()
  }

  Network_alone(): void {
    console.log('waiting for somebody to play with')
  }

  Network_turn({ sticks, who, yours }: MessageOf<ToClient, 'turn'>): void {
    const heap = `${'|'.repeat(sticks)} ${sticks}`
    console.log(yours ? `${heap}: take 1, 2 or 3` : `${heap}: ${who} is thinking`)
  }

  Network_over({ winner, why }: MessageOf<ToClient, 'over'>): void {
    console.log(`${why}: ${winner} wins`)
  }

  Network_disconnected(): void {
    this.#lines.close()
  }

  Network_error({ error }: { error: RepodError }): void {
    console.error(error.message)
    process.exitCode = 1
    this.#lines.close()
  }
}
