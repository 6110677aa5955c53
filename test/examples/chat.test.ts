import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { portOf, start } from './support.js'

describe.each(TRANSPORTS)('the chat on %s', (transport) => {
  it('has names, rooms, joins and leaves', async () => {
    const server = start('chat/server', { transport })
    const port = await portOf(server, transport)

    const ada = start('chat/client', { transport, port }, 'Ada')
    expect(await ada.next()).toBe('* lobby: Ada')
    const bob = start('chat/client', { transport, port }, 'Bob')
    expect(await bob.next()).toBe('* lobby: Ada, Bob')
    expect(await ada.next()).toBe('* Bob comes in')

    bob.type('hello\n')
    expect(await ada.next()).toBe('Bob: hello')
    expect(await bob.next()).toBe('Bob: hello')

    bob.type('/go cellar\nis it dark here?\n')
    expect(await bob.next()).toBe('* cellar: Bob')
    expect(await bob.next()).toBe('Bob: is it dark here?')
    // Ada, in the lobby, hears nothing of the cellar.
    expect(await ada.next()).toBe('* Bob goes')
    ada.type('/go cellar\n')
    expect(await ada.next()).toBe('* cellar: Ada, Bob')
    expect(await bob.next()).toBe('* Ada comes in')

    expect(await bob.endOfInput()).toBe('0')
    expect(await ada.next()).toBe('* Bob goes')
    expect(await server.interrupt()).toBe('0')
    expect(await ada.next()).toBe('* the end: PEER_CLOSED')
    expect(await ada.ended()).toBe('0')
  })

  it('gives a name once, and shows nobody a control character', async () => {
    const server = start('chat/server', { transport })
    const port = await portOf(server, transport)

    const ada = start('chat/client', { transport, port }, 'Ada')
    expect(await ada.next()).toBe('* lobby: Ada')
    const other = start('chat/client', { transport, port }, 'A\u001bda')
    expect(await other.next()).toBe('* no: Ada is taken')
    other.type('may I?\n')
    expect(await other.next()).toBe('* no: a name first, please')

    ada.type('\u001b[2Jred\u0007\n')
    expect(await ada.next()).toBe('Ada: [2Jred')
    ada.type('/quit\n')
    expect(await ada.next()).toBe('* the end: CLOSED')
    expect(await ada.ended()).toBe('0')
  })
})

it('a chat client without a server says why and fails', async () => {
  const ada = start('chat/client', { port: 1 }, 'Ada')
  expect(await ada.next()).toMatch(/^\* it failed: .*127\.0\.0\.1/)
  expect(await ada.ended()).toBe('1')
})
