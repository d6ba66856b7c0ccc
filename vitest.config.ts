import { configDefaults, defineConfig } from 'vitest/config';
import { findCgroupHost } from './test/helpers/cgroup-host.ts';

/** Where a machine-readable report goes too, for whoever counts. */
const report = process.env.KUBOT_TEST_REPORT;

/** What holds on one system alone is no test of the others; on its own system none of it may be skipped. */
const OF_ONE_SYSTEM: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'test/integration/sandbox/macos.test.ts',
  win32: 'test/integration/sandbox/windows.test.ts',
};
const ofOthers = Object.entries(OF_ONE_SYSTEM).flatMap(([system, file]) =>
  system === process.platform ? [] : [file],
);
/** Limits of a whole tree want a machine that delegates a cgroup, or one that is played by a program. */
const OF_CGROUPS = 'test/integration/sandbox/cgroups.test.ts';
const lacksCgroups = findCgroupHost() === null;
if (lacksCgroups && process.platform === 'linux')
  console.warn(
    `Left out: ${OF_CGROUPS}. It wants root and cgroups of version 2, or the package user-mode-linux on a processor without AMX.`,
  );

/** Users whom an agent lets in are other users than its own, as which root alone can start something. */
const OF_OTHER_USERS = 'test/integration/control/granted-users.test.ts';
const lacksOtherUsers = process.platform !== 'linux' || process.getuid?.() !== 0;
if (lacksOtherUsers) console.warn(`Left out: ${OF_OTHER_USERS}. It wants Linux and root.`);

export default defineConfig({
  test: {
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            ...ofOthers,
            ...(lacksCgroups ? [OF_CGROUPS] : []),
            ...(lacksOtherUsers ? [OF_OTHER_USERS] : []),
          ],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A browser and an agent each: two of them at once are slower than one after the other.
          fileParallelism: false,
        },
      },
      {
        // What `npm run package` made; .ci/run makes it first.
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
