/** The table: it knows the rules, and asks nobody else whether a move is one. */
import { Channel, type Handlers, Server } from 'repod'
import type { ToClient, ToServer } from './messages.js'

const HEAP = 10
const MOST = 3

export class Seat extends Channel<Game, ToClient> implements Handlers<ToServer> {
  name = ''

  Network_sit({ name }: { name: unknown }): void {
    if (typeof name !== 'string' || this.name !== '') return
    this.name = name.slice(0, 16).replace(/\p{C}/gu, '') || 'somebody'
    this.server.sit(this)
  }

  Network_take({ sticks }: { sticks: unknown }): void {
    if (typeof sticks === 'number') this.server.take(this, sticks)
  }

  override onClose(): void {
    this.server.leave(this)
  }
}

export class Game extends Server<Seat> {
  override channelClass = Seat
  /** Who is to move sits in front. */
  readonly #seats: Seat[] = []
  #sticks = HEAP

  sit(seat: Seat): void {
    if (this.#seats.length === 2) {
      seat.close('the table is full')
      return
    }
    this.#seats.push(seat)
    if (this.#seats.length === 2) this.#announce()
    else seat.send({ action: 'alone' })
  }

  /** Whatever was no move changes nothing, and is answered by how things stand. */
  take(seat: Seat, sticks: number): void {
    const [mover, other] = this.#seats
    if (other === undefined) return
    if (seat === mover && this.#canTake(sticks)) {
      this.#sticks -= sticks
      this.#seats.reverse()
    }
    if (this.#sticks > 0) this.#announce()
    else this.#end(other, `${seat.name} took the last stick`)
  }

  leave(seat: Seat): void {
    if (!this.#seats.includes(seat)) return
    const stays = this.#seats.find((each) => each !== seat)
    if (stays !== undefined) this.#end(stays, `${seat.name} has left`)
  }

  #canTake(sticks: number): boolean {
    return Number.isInteger(sticks) && sticks >= 1 && sticks <= Math.min(MOST, this.#sticks)
  }

  #announce(): void {
    const who = this.#seats[0]?.name ?? ''
    for (const [at, seat] of this.#seats.entries()) {
      seat.send({ action: 'turn', sticks: this.#sticks, who, yours: at === 0 })
    }
  }

  /** What is sent still goes out before the connections close. */
  #end(winner: Seat, why: string): void {
    const seats = this.#seats.splice(0)
    this.#sticks = HEAP
    this.sendTo(seats, { action: 'over', winner: winner.name, why })
    for (const seat of seats) seat.close('the game is over')
  }
}
