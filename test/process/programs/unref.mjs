/** Keeps nothing alive: the flood goes on, and the process ends with its last timer. */
import { load } from './load.mjs'

const { server, clients } = await load(2_000, () => undefined)
for (const each of [server, ...clients]) each.unref()
const before = server.stats().messagesIn
let flooded = 0
setTimeout(() => {
  flooded = server.stats().messagesIn - before
}, 300)
process.once('exit', () => process.stdout.write(`${flooded}`))
