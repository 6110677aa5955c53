import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { portOf, start, startPython } from './support.js'

const row = (name: string) => new RegExp(`^${name} +[1-9]\\d*( +\\d+\\.\\d\\d){3}$`)

describe.each(TRANSPORTS)('the lag meter on %s', (transport) => {
  it('a Python player and a Node player see each other in the table', async () => {
    const server = start('lag-time/server', { transport })
    const port = await portOf(server, transport)
    const python = startPython('lag-time/python/player', { port }, 'Monty')
    const node = start('lag-time/client', { transport, port }, 'Ryan')
    await node.line(row('Monty'))
    await node.line(row('Ryan'))
    await python.line(row('Monty'))
    await python.line(row('Ryan'))

    expect(await node.interrupt()).toBe('0')
    expect(await python.interrupt()).toBe('0')
    expect(await server.interrupt()).toBe('0')
  })
})

it('a Python player without a server says why and fails', async () => {
  const player = startPython('lag-time/python/player', { port: 1 })
  expect(await player.ended()).toBe('1')
  expect(player.seen).toContain('127.0.0.1')
})
