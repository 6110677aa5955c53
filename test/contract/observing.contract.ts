/** What those hear who are no part of the game: the log, and subscribers of diagnostics channels. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  Client,
  type CloseEvent,
  configureLogging,
  type ErrorEvent,
  type Logger,
  type OpenEvent,
} from '../../ts/index.js'
import {
  attack,
  frame,
  framed,
  hex,
  join,
  type Kind,
  RecordingServer,
  serve,
  X,
} from './support.js'

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

function recording(): { lines: Line[]; logger: Logger } {
  const lines: Line[] = []
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...fields } })
  }
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { lines, logger }
}

/** As it was before any program asked for lines. */
function silentAgain(): void {
  configureLogging({ level: 'silent' })
}

export function observing(kind: Kind): void {
  describe('the log', () => {
    test('tells a logger what happens to a server and its connections', async () => {
      const { lines, logger } = recording()
      const server = await serve(kind, { logger })
      const { peer, channel } = await join(server)
      peer.socket.write(X)
      await server.until('the message', () => channel.messages.length === 1)
      peer.socket.end()
      await server.until('the end', () => channel.isGone)
      const attacker = await attack(server, hex('00000001c1'))
      await server.stop()
      const place = { host: '127.0.0.1', channel: 1, port: channel.addr.port }
      const other = { host: '127.0.0.1', channel: 2, port: attacker.addr.port }
      expect(lines).toEqual([
        {
          level: 'info',
          message: 'a server listens',
          fields: {
            code: 'LISTENING',
            host: '127.0.0.1',
            port: expect.any(Number),
            transport: kind,
          },
        },
        { level: 'debug', message: 'a connection began', fields: { code: 'OPENED', ...place } },
        {
          level: 'debug',
          message: 'no method takes this message',
          fields: { code: 'UNHANDLED', channel: 1, action: 'x' },
        },
        {
          level: 'debug',
          message: 'a connection ended',
          fields: { code: 'PEER_CLOSED', ...place, reason: 'the peer closed the connection' },
        },
        { level: 'debug', message: 'a connection began', fields: { code: 'OPENED', ...other } },
        {
          level: 'warn',
          message: 'a connection failed',
          fields: {
            code: 'DECODE_ERROR',
            ...other,
            error: 'the peer sent a payload that is not accepted (reserved)',
            detail: 'reserved',
          },
        },
        {
          level: 'info',
          message: 'a server stopped',
          fields: { code: 'STOPPED', channels: 0, bytes: 0 },
        },
      ])
    })

    test('D10 an action of escapes and line ends stays one line, cut to 128 bytes', async () => {
      const { lines, logger } = recording()
      const server = await serve(kind, { logger, maxActionLength: 256 })
      const { peer, channel } = await join(server)
      peer.socket.write(frame({ action: '\u001b[2J\n12:00:00 [+] admin_login' }))
      const long = Buffer.from('é'.repeat(100))
      peer.socket.write(framed(Buffer.concat([hex('81a6616374696f6ed9c8'), long])))
      peer.socket.write(frame({ action: '\u202egnol\u2028' }))
      await server.until('the messages', () => channel.messages.length === 3)
      const actions = lines.filter(({ fields }) => fields['code'] === 'UNHANDLED')
      expect(actions.map(({ fields }) => fields['action'])).toEqual([
        '\\u001b[2J\\u000a12:00:00 [+] admin_login',
        `${'é'.repeat(64)}…`,
        '\\u202egnol\\u2028',
      ])
    })

    test('D10 so it is in the lines that configureLogging() writes to stderr', async () => {
      const written: string[] = []
      const { write } = process.stderr
      onTestFinished(silentAgain)
      onTestFinished(() => {
        process.stderr.write = write
      })
      process.stderr.write = ((text: string) => written.push(text) > 0) as typeof write
      const server = await serve(kind)
      configureLogging({ level: 'debug' })
      const { peer, channel } = await join(server)
      peer.socket.write(frame({ action: '\u001b[2J\n12:00:00 [+] admin_login' }))
      await server.until('the message', () => channel.messages.length === 1)
      server.react = () => {
        throw new Error('no\n12:00:00 [+] admin_login')
      }
      peer.socket.write(X)
      await server.until('the end', () => channel.isGone)
      configureLogging({ level: 'warn' })
      await join(server)
      process.stderr.write = write
      for (const line of written) {
        expect(line).toMatch(/^\d{4}-.*\n$/)
        expect(line).not.toContain('\u001b')
      }
      const texts = written.map((line) => line.replace(/^\S+ /, ''))
      expect(texts).toHaveLength(3)
      expect(texts[0]).toMatch(/^DEBUG repod: a connection began code=OPENED host=127\.0\.0\.1 /)
      expect(texts[1]).toBe(
        'DEBUG repod: no method takes this message code=UNHANDLED channel=1 ' +
          `action="${'\\\\u001b[2J\\\\u000a12:00:00 [+] admin_login'}"\n`,
      )
      expect(texts[2]).toMatch(
        /^ERROR repod: this side failed code=HANDLER_ERROR .* stack="Error: /,
      )
    })

    test('R2 writes at most logLines lines per code and second, and counts the others', async () => {
      const { lines, logger } = recording()
      const server = await serve(kind, { logger, logLines: 3 })
      const { peer, channel } = await join(server)
      peer.socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => X)))
      await server.until('the messages', () => channel.messages.length === 1_000)
      const shown = lines.filter(({ fields }) => fields['code'] === 'UNHANDLED').length
      expect(shown).toBeGreaterThanOrEqual(3)
      expect(shown).toBeLessThan(100)
      expect(server.stats().logLinesLeftOut).toBe(1_000 - shown)
    })

    test('is silent by default, also about what others do', async () => {
      const written: string[] = []
      const { write } = process.stderr
      onTestFinished(() => {
        process.stderr.write = write
      })
      process.stderr.write = ((text: string) => written.push(text) > 0) as typeof write
      const server = await serve(kind)
      await attack(server, hex('00000001c1'))
      await server.stop()
      process.stderr.write = write
      expect(written).toEqual([])
    })

    test('a logger that throws harms nobody', async () => {
      const warnings: string[] = []
      const onWarning = (warning: Error): void => void warnings.push(warning.message)
      process.on('warning', onWarning)
      onTestFinished(() => void process.off('warning', onWarning))
      const fail = (): never => {
        throw new Error('the disk is full')
      }
      const logger = { debug: fail, info: fail, warn: fail, error: fail }
      const server = await serve(kind, { logger })
      const { peer, channel } = await join(server)
      peer.socket.write(X)
      await server.until('the message', () => channel.messages.length === 1)
      expect(channel.isConnected).toBe(true)
      for (const warning of warnings) expect(warning).toMatch(/^the logger threw: the disk is full/)
    })

    test('refuses options that are none', () => {
      const wrong: [() => unknown, string][] = [
        [() => configureLogging({ level: 'loud' } as never), 'level must be one of'],
        [() => configureLogging({ level: 'info', to: 1 } as never), 'to is no option of'],
        [() => configureLogging(undefined as never), 'takes an object'],
        [() => new RecordingServer({ logger: console.log } as never), 'logger must have'],
        [() => new Client({ logger: { info() {} } } as never), 'logger must have the methods'],
      ]
      for (const [call, text] of wrong) {
        expect(call).toThrow(TypeError)
        expect(call).toThrow(text)
        expect(call).toThrow(expect.objectContaining({ code: 'REPOD_ERR_INVALID_OPTION' }))
      }
    })
  })

  describe('diagnostics channels', () => {
    test('tell of each connection that it opened, failed and closed, on both ends', async () => {
      const heard: string[] = []
      const server = new RecordingServer({ port: 0, transport: kind })
      const client = new Client({ transport: kind })
      const nameOf = (event: OpenEvent | ErrorEvent): string => {
        if (event.endpoint === client) return 'client'
        if (event.endpoint !== server) throw new Error('whose event is this?')
        return `channel ${(event.channel as { id: number }).id}`
      }
      const listeners = {
        'repod:connection:open': (event: OpenEvent) => {
          heard.push(`${nameOf(event)} open ${event.address.host}`)
        },
        'repod:connection:close': (event: CloseEvent) => {
          heard.push(`${nameOf(event)} close ${event.reason.code}`)
          server.signal.notify()
        },
        'repod:error': (event: ErrorEvent) => {
          heard.push(`${nameOf(event)} ${event.error.code} ${event.address?.host}`)
        },
      }
      for (const [name, listener] of Object.entries(listeners)) {
        const hear = (event: unknown): void => listener(event as never)
        subscribe(name, hear)
        onTestFinished(() => void unsubscribe(name, hear))
      }
      await server.start()
      onTestFinished(async () => {
        await server.stop()
      })
      await client.connect('127.0.0.1', server.port)
      server.react = () => {
        throw new Error('no')
      }
      client.send({ action: 'x' })
      await server.until('the end', () => server.disconnects === 1)
      for await (const message of client) throw new Error(`got ${message.action}`)
      await server.until('both ends', () => heard.length === 5)
      expect(heard.filter((each) => each.startsWith('channel'))).toEqual([
        'channel 1 open 127.0.0.1',
        'channel 1 REPOD_ERR_HANDLER_ERROR 127.0.0.1',
        'channel 1 close HANDLER_ERROR',
      ])
      expect(heard.filter((each) => each.startsWith('client'))).toEqual([
        'client open 127.0.0.1',
        'client close PEER_CLOSED',
      ])
    })
  })
}
