/** An echo where strings become no code: everything goes by bytes. */
import { load } from './load.mjs'

const messages = 2_000
await load(messages, async ({ server, clients }) => {
  const { tapeMessages, byteMessages } = server.stats()
  process.stdout.write(JSON.stringify({ tapeMessages, enough: byteMessages >= messages }))
  await Promise.all([...clients.map((client) => client.close()), server.stop()])
})
