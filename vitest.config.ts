import { defineConfig } from 'vitest/config'

/** What `npm run setup` could not provide on this machine, and said so loudly. */
const leftOut = (process.env['REPOD_LEFT_OUT'] ?? '').split(',')

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: leftOut.includes('python') ? ['test/wire/interop*.test.ts'] : [],
    // A process per file: tests count threads, descriptors and counters of their own process.
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
  },
})
