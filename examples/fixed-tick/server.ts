/**
 * A lane and a coin; whoever reaches the coin has it. The server's whole rhythm is the tick: take all
 * input, move the world once, tell everybody once. `node build/examples/fixed-tick/server.js`
 */
import { Channel, type Handlers, Server } from 'repod'
import { LENGTH, PORT, TICK_RATE, type ToClient, type ToServer } from './messages.js'
import { everyTick } from './ticker.js'

const SPEED = 20 / TICK_RATE
const REACH = 0.5
/** By steps of this part of the lane a coin never lies where one was before. */
const GOLDEN = 0.618_034

class Runner extends Channel<Lane, ToClient> implements Handlers<ToServer> {
  x = LENGTH / 2
  way = 0
  coins = 0

  override onConnect(): void {
    this.send({ action: 'you', id: this.id })
  }

  /** Called inside `pump()` only. Of several in one tick the last counts; none moves anything. */
  Network_run({ way }: { way: unknown }): void {
    this.way = typeof way === 'number' ? Math.sign(way) || 0 : 0
  }
}

class Lane extends Server<Runner> {
  override channelClass = Runner
  #tick = 0
  #coin = LENGTH / 3

  tick(): void {
    this.pump()
    this.#tick++
    for (const runner of this.channels) this.#move(runner)
    const runners = [...this.channels].map(({ id, x, coins }) => ({ id, x, coins }))
    this.sendToAll({ action: 'state', tick: this.#tick, coin: this.#coin, runners })
  }

  #move(runner: Runner): void {
    runner.x = Math.min(LENGTH, Math.max(0, runner.x + runner.way * SPEED))
    if (Math.abs(runner.x - this.#coin) > REACH) return
    runner.coins++
    this.#coin = (this.#coin + LENGTH * GOLDEN) % LENGTH
  }
}

const lane = new Lane({ port: PORT, dispatch: 'pump' })
const { host, port } = await lane.start()
console.log(`lane on ${host}:${port} (${lane.transport})`)
const stopTicking = everyTick(TICK_RATE, () => lane.tick())
await lane.launch()
stopTicking()
