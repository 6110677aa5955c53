/** `node build/examples/fixed-tick/client.js`: keys a and d run, space stands, q leaves. */
import {
  ConnectionListener,
  type Handlers,
  type LifecycleHandlers,
  type MessageOf,
  type RepodError,
} from 'repod'
import { LENGTH, PORT, type RunnerState, type ToClient, type ToServer } from './messages.js'

const FRAME_RATE = 60
const WAYS: Readonly<Record<string, number>> = { a: -1, d: 1, ' ': 0 }

class Game extends ConnectionListener<ToServer> implements Handlers<ToClient>, LifecycleHandlers {
  #id = 0
  #coins = 0
  #coin = 0
  #runners: readonly RunnerState[] = []

  Network_you({ id }: MessageOf<ToClient, 'you'>): void {
    this.#id = id
  }

  /** The newest state is all that counts: what it says is drawn once, at the end of the frame. */
  Network_state({ coin, runners }: MessageOf<ToClient, 'state'>): void {
    this.#coin = coin
    this.#runners = runners
  }

  Network_disconnected(): void {
    leave()
  }

  Network_error({ error }: { error: RepodError }): void {
    console.error(error.message)
    process.exitCode = 1
    leave()
  }

  frame(): void {
    this.pump()
    const self = this.#runners.find(({ id }) => id === this.#id)
    if (self === undefined) return
    if (process.stdout.isTTY) this.#draw(self)
    else if (self.coins !== this.#coins) console.log(`coins: ${self.coins}`)
    this.#coins = self.coins
  }

  #draw({ x, coins }: RunnerState): void {
    const lane: string[] = new Array(LENGTH + 1).fill('.')
    lane[Math.round(this.#coin)] = '$'
    for (const runner of this.#runners) lane[Math.round(runner.x)] = 'o'
    lane[Math.round(x)] = '@'
    process.stdout.write(`\r${lane.join('')} ${coins} `)
  }
}

const { stdin } = process
const game = new Game()
const frames = setInterval(() => game.frame(), 1000 / FRAME_RATE)
game.connect('127.0.0.1', PORT)

if (stdin.isTTY) stdin.setRawMode(true)
stdin.setEncoding('utf8').on('data', (keys: string) => {
  for (const key of keys) {
    const way = WAYS[key]
    if (way !== undefined) game.send({ action: 'run', way })
    else if (key === 'q' || key === '\u0003') leave()
  }
})
stdin.on('end', leave)

function leave(): void {
  clearInterval(frames)
  stdin.destroy()
  game.close()
}
