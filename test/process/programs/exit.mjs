/** Ends under load: by `process.exit` in a `handler`, a `turn`, with a late `listener`; by a `throw`. */
import { load } from './load.mjs'

const [how, after] = process.argv.slice(2)

await load(Number(after), ({ server }) => {
  switch (how) {
    case 'handler':
      process.exit(7)
      break
    case 'turn':
      setImmediate(() => process.exit(7))
      break
    case 'throw':
      setImmediate(() => {
        throw new Error('uncaught')
      })
      break
    case 'listener':
      // Behind the transport's own listener: the engine is gone, and calls must be harmless.
      process.once('exit', () => {
        const sent = server.sendToAll({ action: 'bye' })
        void server.stop()
        process.stdout.write(`sent to ${sent}`)
      })
      process.exit(7)
  }
})
