/**
 * The players, in a process of their own: real clients with a frame loop each. They report their
 * round trips to the parent and leave when it lets go of them.
 */
import { ConnectionListener, type Handlers, type RepodError } from 'repod'
import type { SparkState, State, ToClient, ToServer } from './messages.js'
import { HEIGHT, TICK_RATE, WIDTH } from './world.js'

/** Sent to the parent twice a second: milliseconds from an input to the state that shows it. */
export interface BotReport {
  readonly roundTrips: readonly number[]
}

const FRAME = 1000 / TICK_RATE
const REPORT_EVERY = 500
const NAMES = ['Ash', 'Flint', 'Tinder', 'Cinder', 'Soot', 'Blaze', 'Wick', 'Smoulder']

class Bot extends ConnectionListener<ToServer> implements Handlers<ToClient> {
  roundTrips: number[] = []
  readonly #name: string
  readonly #sentAt = new Map<number, number>()
  #id = 0
  #seq = 0
  #heading = Math.random() * 2 * Math.PI
  #self: SparkState | undefined
  #target: SparkState | undefined

  constructor(name: string) {
    super()
    this.#name = name
  }

  Network_connected(): void {
    this.send({ action: 'join', name: this.#name })
  }

  Network_welcome(data: { id: number }): void {
    this.#id = data.id
  }

  Network_state({ sparks }: State): void {
    this.#self = sparks.find(({ id }) => id === this.#id)
    const self = this.#self
    if (self === undefined) return
    this.#target = nearest(self, sparks)
    for (const [seq, at] of this.#sentAt) {
      if (seq > self.seq) break
      this.roundTrips.push(performance.now() - at)
      this.#sentAt.delete(seq)
    }
  }

  Network_error({ error }: { error: RepodError }): void {
    throw error
  }

  /** One frame: take what came, decide, send. */
  frame(): void {
    this.pump()
    const self = this.#self
    if (self === undefined) return
    this.#heading += (Math.random() - 0.5) * 0.6
    if (self.x < 5 || self.x > WIDTH - 5 || self.y < 5 || self.y > HEIGHT - 5) {
      this.#heading = Math.atan2(HEIGHT / 2 - self.y, WIDTH / 2 - self.x)
    }
    const target = this.#target
    this.#seq++
    this.#sentAt.set(this.#seq, performance.now())
    this.send({
      action: 'input',
      seq: this.#seq,
      dx: Math.cos(this.#heading),
      dy: Math.sin(this.#heading),
      aimX: target === undefined ? 1 : target.x - self.x,
      aimY: target === undefined ? 0 : target.y - self.y,
      throws: target !== undefined && Math.random() < 0.2,
    })
  }
}

function nearest(self: SparkState, sparks: readonly SparkState[]): SparkState | undefined {
  let best: SparkState | undefined
  let distance = Infinity
  for (const spark of sparks) {
    const away = Math.hypot(spark.x - self.x, spark.y - self.y)
    if (spark.id === self.id || away >= distance) continue
    distance = away
    best = spark
  }
  return best
}

const [port, count] = process.argv.slice(2).map(Number) as [number, number]
const bots = Array.from({ length: count }, (_, at) => {
  return new Bot(`${NAMES[at % NAMES.length]}-${Math.floor(at / NAMES.length) + 1}`)
})
await Promise.all(bots.map((bot) => bot.connect('127.0.0.1', port)))

const frames = bots.map((bot) => setInterval(() => bot.frame(), FRAME))
const reports = setInterval(() => {
  const roundTrips = bots.flatMap((bot) => bot.roundTrips.splice(0))
  process.send?.({ roundTrips } satisfies BotReport)
}, REPORT_EVERY)

// Ctrl-C reaches the whole group; when to leave is the parent's decision.
process.on('SIGINT', () => {})
process.once('disconnect', async () => {
  for (const timer of [...frames, reports]) clearInterval(timer)
  await Promise.all(bots.map((bot) => bot.close()))
})
