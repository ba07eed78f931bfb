/** The run behind `npm run screenshots`: one file that is no test of the platform. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: ['test/cluster.ts'],
    include: ['test/screenshots.ts'],
    disableConsoleIntercept: true,
  },
})
