/**
 * The authoritative server: it takes all input at its tick, moves the world once and tells everybody
 * once. What a peer sends has no type yet, so each field is looked at before it counts.
 */
import { Channel, type Handlers, Server, type ServerOptions } from 'repod'
import type { Input, ToClient, ToServer } from './messages.js'
import { type Spark, World } from './world.js'

/** The fields of a message before anybody has looked at their values. */
type Unchecked<T> = { readonly [Field in keyof T]: unknown }

export class Player extends Channel<ArenaServer, ToClient> implements Handlers<ToServer> {
  readonly spark: Spark = this.server.world.enter()
  name = 'nobody'
  seq = 0

  Network_join(data: { name: unknown }): void {
    if (typeof data.name === 'string') this.name = data.name.slice(0, 16)
    this.send({ action: 'welcome', id: this.spark.id })
  }

  Network_input(data: Unchecked<Input>): void {
    this.seq = numberOf(data.seq)
    this.spark.intent = {
      dx: numberOf(data.dx),
      dy: numberOf(data.dy),
      aimX: numberOf(data.aimX),
      aimY: numberOf(data.aimY),
      throws: data.throws === true,
    }
  }
}

export class ArenaServer extends Server<Player> {
  override channelClass = Player
  readonly world: World = new World()

  constructor(options: ServerOptions) {
    super({ ...options, dispatch: 'pump' })
  }

  override onDisconnect(player: Player): void {
    this.world.leave(player.spark)
  }

  tick(): void {
    this.pump()
    this.world.step()
    this.sendToAll({
      action: 'state',
      tick: this.world.tick,
      sparks: [...this.channels].map(({ spark: { id, x, y, glow, score }, seq }) => {
        return { id, x, y, glow, score, seq }
      }),
      embers: this.world.embers.map(({ x, y }) => ({ x, y })),
    })
  }

  /** The names of the best, with their scores. */
  leaders(count: number): string[] {
    return [...this.channels]
      .sort((a, b) => b.spark.score - a.spark.score)
      .slice(0, count)
      .map(({ name, spark }) => `${name} ${spark.score}`)
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
