import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Server } from '../../ts/index.js'
import { selectTransport } from '../../ts/transport/select.js'

// The ten seconds are the measurement itself: what happens in them is counted.
it('an idle server wakes nobody in ten seconds', { timeout: 20_000 }, async () => {
  const server = new Server({ port: 0, transport: 'native' })
  await server.start()
  const { counters } = selectTransport('native').transport
  await wait(100)
  const before = { wakeUps: counters.wakeUps, turns: counters.engineTurns }
  await wait(10_000)
  const wakeUps = counters.wakeUps - before.wakeUps
  const turns = counters.engineTurns - before.turns
  console.log(`idle for 10 s: ${wakeUps} wake-ups, ${turns} engine turns`)
  expect(wakeUps).toBeLessThanOrEqual(5)
  expect(turns).toBeLessThanOrEqual(5)
  await server.stop()
})
