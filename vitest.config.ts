/** One run for everything: unit, store, API and browser tests, on one throw-away PostgreSQL. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: ['test/cluster.ts'],
    include: [
      'src/**/*.test.ts',
      'simulators/**/*.test.ts',
      'scripts/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    exclude: ['node_modules/**', 'dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most of the time a test waits: for a job, a partner, a page.
    maxWorkers: 3,
    isolate: false,
  },
})
