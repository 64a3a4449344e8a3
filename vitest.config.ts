import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/**
 * They end what hangs, and nothing that is only slow: on a machine that is busy with other things, tests were seen to take
 * twelve times as long as on one that is not, and the longest takes ten seconds there. The few that do more say so.
 */
const LIMITS = {
  testTimeout: 240_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 100_000 } },
};

export default defineConfig({
  test: {
    globalSetup: ['test/support/announce-skips.ts', 'test/support/database-server.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          setupFiles: ['test/support/seed-properties.ts'],
          ...LIMITS,
          // Most files wait for a database, a process or a port for part of their time, so that two cores bear two.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/e2e/**/*.test.ts'],
          ...LIMITS,
          // Browsers and stacks are started per file, and two cores are soon busy.
          fileParallelism: false,
        },
      },
    ],
  },
});
