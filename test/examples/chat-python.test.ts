import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { portOf, start, startPython } from './support.js'

describe.each(TRANSPORTS)('the chat on %s', (transport) => {
  it('a Python player and a Node player share one room', async () => {
    const server = start('chat/server', { transport })
    const port = await portOf(server, transport)

    const python = startPython('chat/python/player', { port }, 'Monty', 'circus')
    expect(await python.next()).toBe('* circus: Monty')
    const node = start('chat/client', { transport, port }, 'Ryan', 'circus')
    expect(await node.next()).toBe('* circus: Monty, Ryan')
    expect(await python.next()).toBe('* Ryan comes in')

    python.type('a grüße from Python 🐍\n')
    expect(await node.next()).toBe('Monty: a grüße from Python 🐍')
    expect(await python.next()).toBe('Monty: a grüße from Python 🐍')
    node.type('and one from Node ⬢\n')
    expect(await python.next()).toBe('Ryan: and one from Node ⬢')
    expect(await node.next()).toBe('Ryan: and one from Node ⬢')

    expect(await python.endOfInput()).toBe('0')
    expect(await node.next()).toBe('* Monty goes')
    const again = startPython('chat/python/player', { port }, 'Monty', 'circus')
    expect(await again.next()).toBe('* circus: Ryan, Monty')
    expect(await node.next()).toBe('* Monty comes in')
    expect(await node.endOfInput()).toBe('0')
    expect(await again.next()).toBe('* Ryan goes')

    expect(await server.interrupt()).toBe('0')
    expect(await again.next()).toBe('* the end')
    expect(await again.ended()).toBe('0')
  })
})

it('a Python player without a server says why and fails', async () => {
  const player = startPython('chat/python/player', { port: 1 })
  expect(await player.ended()).toBe('1')
  expect(player.seen).toContain('127.0.0.1')
})
