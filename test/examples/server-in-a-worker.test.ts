import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { portOf, start } from './support.js'

describe.each(TRANSPORTS)('a server in a worker on %s', (transport) => {
  it('answers while the main thread stands still, until that wakes and opens', async () => {
    const server = start('server-in-a-worker/server', { transport })
    const port = await portOf(server, transport)
    const ada = start('server-in-a-worker/client', { transport, port })
    const bob = start('server-in-a-worker/client', { transport, port })
    // Each answer comes before the knock that could wake the main thread has been made.
    ada.type('\n')
    expect(await ada.next()).toBe('knock number 1')
    bob.type('\n')
    expect(await bob.next()).toBe('knock number 2')
    ada.type('\n')
    expect(await ada.next()).toBe('knock number 3')

    expect(await server.next()).toBe('the keeper wakes: 3 knocks')
    for (const program of [ada, bob]) {
      expect(await program.next()).toBe('the keeper opens')
      expect(await program.ended()).toBe('0')
    }
    expect(await server.ended()).toBe('0')
  })
})
