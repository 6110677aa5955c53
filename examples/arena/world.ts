/**
 * The rules, and nothing of a network: sparks glide over a dark field and throw embers. An ember
 * that strikes takes one glow; a spark without glow goes dark and comes back elsewhere.
 */
export const TICK_RATE = 30
export const WIDTH = 160
export const HEIGHT = 90

const SPEED = 18 / TICK_RATE
const EMBER_SPEED = 45 / TICK_RATE
const EMBER_TICKS = 1.2 * TICK_RATE
const COOLDOWN_TICKS = 0.5 * TICK_RATE
const RADIUS = 1.5
const GLOW = 5

/** What a player wants; the world decides what becomes of it. */
export interface Intent {
  /** Where to glide, and where to throw; any length, any number. */
  readonly dx: number
  readonly dy: number
  readonly aimX: number
  readonly aimY: number
  readonly throws: boolean
}

export interface Spark {
  readonly id: number
  x: number
  y: number
  glow: number
  score: number
  intent: Intent
  cooldown: number
}

interface Ember {
  readonly owner: Spark
  readonly vx: number
  readonly vy: number
  x: number
  y: number
  ticks: number
}

const STILL: Intent = { dx: 0, dy: 0, aimX: 1, aimY: 0, throws: false }

export class World {
  readonly sparks: Set<Spark> = new Set()
  embers: Ember[] = []
  tick = 0
  #nextId = 1

  enter(): Spark {
    const id = this.#nextId++
    const spark = { id, x: 0, y: 0, glow: GLOW, score: 0, intent: STILL, cooldown: 0 }
    place(spark)
    this.sparks.add(spark)
    return spark
  }

  leave(spark: Spark): void {
    this.sparks.delete(spark)
  }

  step(): void {
    this.tick++
    for (const spark of this.sparks) this.#move(spark)
    this.embers = this.embers.filter((ember) => this.#fly(ember))
  }

  #move(spark: Spark): void {
    const { dx, dy, aimX, aimY, throws } = spark.intent
    const [vx, vy] = scaled(dx, dy, SPEED)
    spark.x = Math.min(WIDTH, Math.max(0, spark.x + vx))
    spark.y = Math.min(HEIGHT, Math.max(0, spark.y + vy))
    if (spark.cooldown > 0) spark.cooldown--
    if (!throws || spark.cooldown > 0) return
    spark.cooldown = COOLDOWN_TICKS
    const [ex, ey] = scaled(aimX, aimY, EMBER_SPEED)
    this.embers.push({ owner: spark, x: spark.x, y: spark.y, vx: ex, vy: ey, ticks: EMBER_TICKS })
  }

  /** False once it is spent. */
  #fly(ember: Ember): boolean {
    ember.x += ember.vx
    ember.y += ember.vy
    ember.ticks--
    for (const spark of this.sparks) {
      if (spark === ember.owner || Math.abs(spark.x - ember.x) > RADIUS) continue
      if (Math.abs(spark.y - ember.y) > RADIUS) continue
      strike(spark, ember.owner)
      return false
    }
    return ember.ticks > 0
  }
}

function strike(spark: Spark, by: Spark): void {
  spark.glow--
  if (spark.glow > 0) return
  by.score++
  spark.glow = GLOW
  place(spark)
}

function place(spark: Spark): void {
  spark.x = Math.random() * WIDTH
  spark.y = Math.random() * HEIGHT
}

/** That direction with that length; none for what is no direction. */
function scaled(x: number, y: number, length: number): [number, number] {
  const size = Math.hypot(x, y)
  if (!(size > 0 && size < Infinity)) return [0, 0]
  return [(x / size) * length, (y / size) * length]
}
