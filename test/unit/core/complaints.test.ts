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

test('what is printed carries the stack of what was thrown', () => {
  const details: string[] = []
  const complaints = new Complaints(new ManualClock(), (_, { detail }) => details.push(detail))
  const cause = new Error('boom')
  complaints.print(new RepodError('REPOD_ERR_HANDLER_ERROR', 'a handler threw: boom', { cause }))
  expect(details).toEqual([cause.stack])
})
