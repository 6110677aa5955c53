import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { portOf, start } from './support.js'

const row = (name: string) => new RegExp(`^${name} +[1-9]\\d*( +\\d+\\.\\d\\d){3}$`)

describe.each(TRANSPORTS)('the lag meter on %s', (transport) => {
  it('shows everybody the round trips of all', async () => {
    const server = start('lag-time/server', { transport })
    const port = await portOf(server, transport)
    const ada = start('lag-time/client', { transport, port }, 'Ada')
    await ada.line(row('Ada'))

    const bob = start('lag-time/client', { transport, port }, 'Bob')
    await bob.line(row('Ada'))
    await bob.line(row('Bob'))
    await ada.line(row('Bob'))
    expect(ada.seen).toMatch(/^name +pings +last ms +mean ms +worst ms$/m)

    expect(await bob.interrupt()).toBe('0')
    expect(await server.interrupt()).toBe('0')
    expect(await ada.ended()).toBe('0')
  })
})

it('a lag meter without a server says why and fails', async () => {
  const ada = start('lag-time/client', { port: 1 })
  expect(await ada.ended()).toBe('1')
  expect(ada.seen).toContain('127.0.0.1')
})
