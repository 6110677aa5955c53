import { describe, expect, test } from 'vitest'
import { visible, visibleStack } from '../../../ts/escape.js'
import { Log, type Logger } from '../../../ts/logging.js'
import { ManualClock } from './manual-clock.js'

function recording(): { lines: object[]; logger: Logger } {
  const lines: object[] = []
  const note = (fields: object): void => void lines.push(fields)
  return { lines, logger: { debug: note, info: note, warn: note, error: note } }
}

describe('a log', () => {
  test('takes so many lines per code and second, and says with the next how many it left out', () => {
    const { lines, logger } = recording()
    const clock = new ManualClock()
    const counts = { logLinesLeftOut: 0 }
    const log = new Log({ logger, logLines: 2 }, counts, clock)
    for (let n = 0; n < 5; n++) log.write('warn', 'A', 'text', { n })
    log.write('warn', 'B', 'text')
    clock.advance(999)
    log.write('warn', 'A', 'text', { n: 5 })
    clock.advance(1)
    log.write('warn', 'A', 'text', { n: 6 })
    log.write('warn', 'A', 'text', { n: 7 })
    expect(lines).toEqual([
      { code: 'A', n: 0 },
      { code: 'A', n: 1 },
      { code: 'B' },
      { code: 'A', n: 6, leftOut: 4 },
      { code: 'A', n: 7 },
    ])
    expect(counts.logLinesLeftOut).toBe(4)
  })

  test('without a logger and before configureLogging() nobody wants anything', () => {
    const log = new Log({ logger: undefined, logLines: 10 }, { logLinesLeftOut: 0 })
    expect(log.wants('error')).toBe(false)
  })

  test('keeps calls apart from text, on one line', () => {
    const { lines, logger } = recording()
    const log = new Log({ logger, logLines: 10 }, { logLinesLeftOut: 0 }, new ManualClock())
    log.write('error', 'A', 'text', { error: 'a\nb' }, 'Error: a\n    at x\n    at y')
    expect(lines).toEqual([{ code: 'A', error: 'a\\u000ab', stack: 'Error: a | at x | at y' }])
  })
})

describe('visible text', () => {
  test.each([
    ['plain — text', 'plain — text'],
    ['\r\n\t\u001b[2J\u007f\u009b', '\\u000d\\u000a\\u0009\\u001b[2J\\u007f\\u009b'],
    ['\u202e\u2066\u200b\u2028\u2029', '\\u202e\\u2066\\u200b\\u2028\\u2029'],
    ['\ud800x', '\\ud800x'],
    ['\u{e0041}', '\\u{e0041}'],
    ['', ''],
  ])('of %j', (text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test('is at most 128 bytes of what was there, whole characters', () => {
    expect(visible('x'.repeat(128))).toBe('x'.repeat(128))
    expect(visible('x'.repeat(129))).toBe(`${'x'.repeat(128)}…`)
    expect(visible(`${'x'.repeat(127)}é`)).toBe(`${'x'.repeat(127)}…`)
    expect(visible('😀'.repeat(50))).toBe(`${'😀'.repeat(32)}…`)
  })
})

describe('a visible stack', () => {
  test('is the error’s own, its text made visible', () => {
    const error = new TypeError('boom')
    expect(visibleStack(error)).toBe(error.stack)
  })

  test('has no line that the text forged', () => {
    const error = new Error('boom\n    at evil')
    expect(visibleStack(error).split('\n')[0]).toBe('Error: boom\\u000a    at evil')
    expect(visibleStack(error)).not.toMatch(/\n\s+at evil/)
  })

  test('is empty for what is no error, and for one that throws when it is asked', () => {
    const hostile = new Error('x')
    Object.defineProperty(hostile, 'stack', {
      get: () => {
        throw new Error('never')
      },
    })
    for (const each of ['text', undefined, {}, hostile]) expect(visibleStack(each)).toBe('')
  })
})
