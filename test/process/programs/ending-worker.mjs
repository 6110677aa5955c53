import { load } from './load.mjs'

const [how] = process.argv.slice(2)

await load(500, ({ server, clients }) => {
  switch (how) {
    case 'exit':
      process.exit(3)
      break
    case 'throw':
      setImmediate(() => {
        throw new Error('of the worker')
      })
      break
    case 'stop':
      for (const client of clients) void client.close()
      void server.stop()
  }
})
