import { expect, test } from 'vitest'
import { Complaints } from '../../../ts/complaints.js'
import { RepodError } from '../../../ts/errors.js'
import { ManualClock } from './manual-clock.js'

test('a failure is printed once per code and second, with the number of those left out', () => {
  const clock = new ManualClock()
  const printed: string[] = []
  const complaints = new Complaints(clock, (message, { code }) =>
    printed.push(`${code}: ${message}`),
  )
  const failure = new RepodError('REPOD_ERR_HANDLER_ERROR', 'boom')

  for (let time = 0; time < 5; time++) complaints.print(failure)
  complaints.print(new RepodError('REPOD_ERR_SLOW_CONSUMER', 'slow'))
  clock.advance(999)
  complaints.print(failure)
  clock.advance(1)
  complaints.print(failure)
  clock.advance(1_000)
  complaints.print(failure)

  expect(printed).toEqual([
    'REPOD_ERR_HANDLER_ERROR: boom',
    'REPOD_ERR_SLOW_CONSUMER: slow',
    'REPOD_ERR_HANDLER_ERROR: boom (and 5 more before it)',
    'REPOD_ERR_HANDLER_ERROR: boom',
  ])
})

test('what a peer may have put into the text of an error stays one line, cut to 128 bytes', () => {
  const printed: string[][] = []
  const complaints = new Complaints(new ManualClock(), (...line) => {
    printed.push([line[0], line[1].detail])
  })
  const cause = new TypeError(`no \u001b[2J\n    at admin_login ${'x'.repeat(200)}`)
  const text = `a handler threw: ${cause.message}`
  complaints.print(new RepodError('REPOD_ERR_HANDLER_ERROR', text, { cause }))
  const [[message, detail] = []] = printed
  expect(message).toMatch(/^a handler threw: no \\u001b\[2J\\u000a {4}at admin_login x{84}…$/)
  const lines = detail?.split('\n') ?? []
  expect(lines[0]).toMatch(/^TypeError: no \\u001b\[2J\\u000a {4}at admin_login x+…$/)
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}at /)
  expect(lines.join()).not.toMatch(/,\s+at admin_login/)
})

test('what is printed carries the stack of what was thrown', () => {
  const details: string[] = []
  const complaints = new Complaints(new ManualClock(), (_, { detail }) => details.push(detail))
  const cause = new Error('boom')
  complaints.print(new RepodError('REPOD_ERR_HANDLER_ERROR', 'a handler threw: boom', { cause }))
  expect(details).toEqual([cause.stack])
})
