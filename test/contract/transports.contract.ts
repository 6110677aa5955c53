/** That a test which says native runs native: by what the server says, and by the threads. */
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import { type Kind, RecordingServer, serve } from './support.js'

/** The kernel keeps 15 characters of a thread's name. */
function threads(): string[] {
  return readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim(),
  )
}

export function identity(kind: Kind): void {
  describe('the transport', () => {
    test('is the one that was asked for, and says why', async () => {
      const server = await serve(kind)
      expect(server.transport).toBe(kind)
      expect(server.transportReason).toBe(`the option transport is '${kind}'`)
    })

    test.runIf(process.platform === 'linux')(
      'has a thread of its own on native alone',
      async () => {
        await serve(kind)
        expect(threads().filter((name) => name === 'repod-engine')).toHaveLength(
          kind === 'native' ? 1 : 0,
        )
      },
    )

    test('is what REPOD_TRANSPORT says where the option says nothing', () => {
      const before = process.env['REPOD_TRANSPORT']
      try {
        process.env['REPOD_TRANSPORT'] = kind
        const other = kind === 'pure' ? 'native' : 'pure'
        expect(new RecordingServer().transport).toBe(kind)
        expect(new RecordingServer().transportReason).toBe(`REPOD_TRANSPORT is '${kind}'`)
        if (other === 'pure') {
          expect(new RecordingServer({ transport: other }).transport).toBe(other)
        }
        process.env['REPOD_TRANSPORT'] = 'quantum'
        expect(() => new RecordingServer()).toThrow(
          expect.objectContaining({
            code: 'REPOD_ERR_INVALID_OPTION',
            message: "REPOD_TRANSPORT must be native or pure, got 'quantum'",
          }),
        )
      } finally {
        if (before === undefined) delete process.env['REPOD_TRANSPORT']
        else process.env['REPOD_TRANSPORT'] = before
      }
    })
  })
}
