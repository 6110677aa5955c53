/** `node build/examples/host-and-play/guest.js Bob`, once somebody hosts. */
import { PORT } from './messages.js'
import { Player } from './player.js'

await new Player(process.argv[2] ?? 'Bob').play(PORT)
