import { describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'
import { type Program, portOf, start } from './support.js'

describe.each(TRANSPORTS)('host and play on %s', (transport) => {
  async function sitDown(): Promise<{ host: Program; guest: Program }> {
    const host = start('host-and-play/host', { transport }, 'Ada')
    const port = await portOf(host, transport)
    expect(await host.next()).toBe('waiting for somebody to play with')
    const guest = start('host-and-play/guest', { transport, port }, 'Bob')
    return { host, guest }
  }

  it('one process hosts and plays, and a guest beats it', async () => {
    const { host, guest } = await sitDown()
    expect(await host.next()).toBe('|||||||||| 10: take 1, 2 or 3')
    expect(await guest.next()).toBe('|||||||||| 10: Ada is thinking')
    // Not its turn, and not a move: neither changes the heap.
    for (const foul of [() => guest.type('3\n'), () => host.type('7\n')]) {
      foul()
      expect(await host.next()).toBe('|||||||||| 10: take 1, 2 or 3')
      expect(await guest.next()).toBe('|||||||||| 10: Ada is thinking')
    }

    host.type('2\n')
    expect(await host.next()).toBe('|||||||| 8: Bob is thinking')
    expect(await guest.next()).toBe('|||||||| 8: take 1, 2 or 3')
    guest.type('3\n')
    expect(await host.next()).toBe('||||| 5: take 1, 2 or 3')
    expect(await guest.next()).toBe('||||| 5: Ada is thinking')
    host.type('1\n')
    expect(await guest.next()).toBe('|||| 4: take 1, 2 or 3')
    guest.type('3\n')
    expect(await host.line(/^\| 1/)).toBe('| 1: take 1, 2 or 3')
    host.type('1\n')
    for (const player of [host, guest]) {
      expect(await player.line(/wins$/)).toBe('Ada took the last stick: Bob wins')
      expect(await player.ended()).toBe('0')
    }
  })

  it('who leaves has lost', async () => {
    const { host, guest } = await sitDown()
    await host.line(/take/)
    expect(await guest.endOfInput()).toBe('0')
    expect(await host.next()).toBe('Bob has left: Ada wins')
    expect(await host.ended()).toBe('0')
  })

  it('the guest hears when the host goes', async () => {
    const { host, guest } = await sitDown()
    await guest.line(/thinking/)
    expect(await host.interrupt()).toBe('0')
    expect(await guest.next()).toBe('Ada has left: Bob wins')
    expect(await guest.ended()).toBe('0')
  })
})
