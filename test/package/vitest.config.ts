import { defineConfig } from 'vitest/config'

/** The suite of `npm run check:package`, which packs what these tests install. */
const full = process.env['REPOD_FULL'] === '1'

export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    // Other runtimes are some hundred megabytes of downloads.
    exclude: full ? [] : ['test/package/runtimes.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
