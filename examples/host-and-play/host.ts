/**
 * One process hosts and plays: `node build/examples/host-and-play/host.js Ada`, then a guest.
 * The host's player is a client like the guest's, so neither has rules of its own.
 */
import { Game } from './game.js'
import { PORT } from './messages.js'
import { Player } from './player.js'

const game = new Game({ port: PORT })
// In the background: what keeps this process alive is that somebody plays.
const { host, port } = await game.startBackground()
console.log(`game on ${host}:${port} (${game.transport})`)
await new Player(process.argv[2] ?? 'Ada').play(port)
await game.stop()
