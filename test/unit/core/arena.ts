/** A server whose hooks write down what happens. */
import { Channel, type CloseReason, Server } from '../../../ts/index.js'

export const log: string[] = []

export class Player extends Channel {
  Network_bad(): void {
    throw new Error('boom')
  }
  async Network_badLater(): Promise<void> {
    await Promise.resolve()
    throw new Error('boom')
  }
  Network_close(): void {
    this.close()
  }
  override onConnect(): void {
    log.push(`connect ${this.id}`)
  }
  override onClose({ code }: CloseReason): void {
    log.push(`close ${this.id} ${code}, sends ${this.send({ action: 'late' })}`)
  }
  override onError({ code }: { code: string }): void {
    log.push(`error ${this.id} ${code}`)
  }
  override onDrain(): void {
    log.push(`drain ${this.id}`)
  }
  override networkReceived({ action }: { action: string }): void {
    log.push(`${action} to ${this.id}`)
  }
}

export class Arena extends Server<Player> {
  override channelClass = Player
  override onDisconnect(channel: Player, { code }: CloseReason): void {
    log.push(`disconnect ${channel.id} ${code}, sends ${channel.send({ action: 'last' })}`)
  }
}
