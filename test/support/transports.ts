/**
 * The transports that the tests run on: both, unless the set-up has said loudly that this machine
 * has no cargo (which is a failure where CI is set).
 */
const leftOut = (process.env['REPOD_LEFT_OUT'] ?? '').split(',')

export const TRANSPORTS: readonly ('native' | 'pure')[] = leftOut.includes('native')
  ? ['pure']
  : ['native', 'pure']
