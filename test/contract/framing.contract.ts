/** Group F of the catalogue of hostile input: what is around the payloads. */
import { describe, expect, test } from 'vitest'
import { random } from '../native/support.js'
import { attack, Canary, frame, framed, hex, join, type Kind, serve, X } from './support.js'

export function framing(kind: Kind): void {
  describe('framing', () => {
    test.each([
      ['a length of 4 GiB', 'ffffffff', 'FRAME_TOO_LARGE'],
      ['a length one beyond maxFrameLength', '00010001', 'FRAME_TOO_LARGE'],
      ['a length with the sign bit', '80000000', 'FRAME_TOO_LARGE'],
      ['the largest length of a signed integer', '7fffffff', 'FRAME_TOO_LARGE'],
      ['a length of zero', '00000000', 'FRAME_EMPTY'],
      ['an HTTP request', '474554202f2048545450', 'FRAME_TOO_LARGE'],
    ])(
      '%s closes with its code, and the peer next to it notices nothing',
      async (_, bytes, code) => {
        const server = await serve(kind)
        const canary = await Canary.join(server, kind)
        canary.sing()
        const channel = await attack(server, hex(bytes))
        expect(channel.events).toEqual([
          'connect',
          `error ${code}`,
          `close ${code}`,
          `disconnect ${code}`,
        ])
        expect(server.stats().closedBy).toEqual({ [code]: 1 })
        await canary.check()
      },
    )

    test('the refused length is told at the fourth byte, without a payload', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      for (const byte of hex('00ffffff')) peer.socket.write(Uint8Array.of(byte))
      await server.until('the end', () => channel.isGone)
      expect(channel.closeReason?.message).toContain('16777215')
    })

    test('a payload of exactly maxFrameLength is delivered', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      const empty = frame({ action: 'x', v: '' }).length - 4 - 1
      const text = 'a'.repeat(65_536 - empty - 3)
      const bytes = frame({ action: 'x', v: text })
      expect(bytes.subarray(0, 4)).toEqual(hex('00010000'))
      peer.socket.write(bytes)
      await server.until('the message', () => channel.messages.length === 1)
      expect(channel.messages).toEqual([{ action: 'x', v: text }])
    })

    test('a frame in 14 segments of one byte is delivered once', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      await peer.write(X, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
      peer.socket.end()
      await server.until('the end', () => channel.isGone)
      expect(channel.messages).toEqual([{ action: 'x' }])
    })

    test('two frames cut at each of 27 places arrive both, in order', async () => {
      const server = await serve(kind)
      const two = Buffer.concat([frame({ action: 'a' }), frame({ action: 'b' })])
      for (let cut = 1; cut <= 27; cut++) {
        const { peer, channel } = await join(server)
        await peer.write(two, [cut])
        peer.socket.end()
        await server.until('the end', () => channel.isGone)
        expect(channel.messages).toEqual([{ action: 'a' }, { action: 'b' }])
      }
    })

    test('10,000 frames in one write arrive all, in order', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      const { peer, channel } = await join(server)
      const numbers = Array.from({ length: 10_000 }, (_, n) => n)
      peer.socket.write(Buffer.concat(numbers.map((n) => frame({ action: 'n', n }))))
      canary.sing()
      await server.until('all messages', () => channel.messages.length === 10_000)
      expect(channel.messages.map((message) => message['n'])).toEqual(numbers)
      await canary.check()
    })

    test('half a frame and FIN is no message, and a closed peer', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.end(X.subarray(0, 9))
      await server.until('the end', () => channel.isGone)
      expect(channel.events).toEqual(['connect', 'close PEER_CLOSED', 'disconnect PEER_CLOSED'])
    })

    test('three bytes of a header and a reset is a reset peer', async () => {
      const server = await serve(kind)
      const { peer, channel } = await join(server)
      peer.socket.write(X)
      await server.until('the message', () => channel.messages.length === 1)
      peer.socket.write(X.subarray(0, 3), () => peer.socket.resetAndDestroy())
      await server.until('the end', () => channel.isGone)
      // libuv may report what came and a reset in one poll as the end of the stream.
      expect(channel.closeReason?.code).toMatch(
        kind === 'pure' ? /^PEER_(RESET|CLOSED)$/ : /^PEER_RESET$/,
      )
      expect(channel.messages).toHaveLength(1)
    })

    test('of three good frames, a bad one and three good ones, the first three arrive', async () => {
      const server = await serve(kind)
      const canary = await Canary.join(server, kind)
      const good = (n: number): Buffer => frame({ action: 'n', n })
      const bad = framed(hex('c1'))
      const channel = await attack(
        server,
        Buffer.concat([good(1), good(2), good(3), bad, good(4), good(5), good(6)]),
      )
      expect(channel.messages.map((message) => message['n'])).toEqual([1, 2, 3])
      expect(channel.events.slice(4)).toEqual([
        'error DECODE_ERROR reserved',
        'close DECODE_ERROR',
        'disconnect DECODE_ERROR',
      ])
      await canary.check()
    })

    test('200,000 frames, each cut a byte short of its end, are neither lost nor doubled', async () => {
      const server = await serve(kind)
      const next = random(20)
      let expected = 0
      let wrong = 0
      const { peer, channel } = await join(server)
      server.react = (_, data) => {
        if (data['n'] !== expected) wrong++
        expected++
        channel.messages.length = 0
        channel.events.length = 0
      }
      const count = 200_000
      // Segments end one byte short of a frame's end, or of a header's, and now and then anywhere.
      let kept: Buffer = Buffer.alloc(0)
      for (let n = 0; n < count; ) {
        const frames: Buffer[] = [kept]
        for (let k = 0; k < 500; k++) frames.push(frame({ action: 'n', n: n++ }))
        const all = Buffer.concat(frames)
        const short = next() < 0.8 ? 1 : 1 + Math.floor(next() * 13)
        kept = all.subarray(all.length - short)
        const segment = all.subarray(0, all.length - short)
        await new Promise((done) => peer.socket.write(segment, done))
      }
      peer.socket.write(kept)
      await server.until('all messages', () => expected === count)
      expect(wrong).toBe(0)
    })
  })
}
