import { defineConfig } from 'vitest/config'

/** What `npm run setup` could not provide on this machine, and said so loudly. */
const leftOut = (process.env['REPOD_LEFT_OUT'] ?? '').split(',')
const needs = {
  native: ['test/native/**', 'test/parity/**', 'test/verdicts/{bytes,tape}.test.ts'],
  python: [
    'test/wire/interop*.test.ts',
    'test/docs/porting.test.ts',
    'test/examples/*-python.test.ts',
  ],
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      // A suite of its own: it installs what `npm run check:package` packs.
      'test/package/**',
      ...(leftOut.includes('native') ? needs.native : []),
      ...(leftOut.includes('python') ? needs.python : []),
    ],
    setupFiles: ['test/support/defaults.ts'],
    // A process per file: tests count threads, descriptors and counters of their own process.
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
  },
})
