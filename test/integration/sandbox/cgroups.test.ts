import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { findCgroupHost, runDelegated, WITHIN_MS } from '../../helpers/cgroup-host.ts';

const PROGRAM = resolve(import.meta.dirname, '../../fixtures/sandbox/cgroups/limited-runs.ts');

let limited: {
  runs: Record<string, { said: string[]; [name: string]: unknown }>;
  left: string[];
};

/** Where no cgroup can be delegated, vitest.config.ts leaves this file out. */
beforeAll(async () => {
  limited = JSON.parse(await runDelegated(findCgroupHost() ?? 'here', [process.execPath, PROGRAM]));
}, WITHIN_MS);

const LEVELS = [
  ['standard', ''],
  ['strict', '_STRICT'],
] as const;

test.each(LEVELS)(
  'a tree that takes more memory than it may is ended, and told why, in %s',
  (level, suffix) => {
    const message =
      'The robot was ended by signal SIGKILL. Its processes needed more memory than limits.memoryBytes allows: 100 MB.';
    expect(limited.runs[`GROW${suffix}`]).toEqual({
      sandbox: [level],
      outcome: 'failed',
      message,
      said: [`ERROR ${message} [ROBOT_SIGNAL]`],
    });
  },
);

test.each(LEVELS)(
  'a tree gets no more processes than it may, raises no limit, and is told, in %s',
  (level, suffix) => {
    const message = 'The robot ended with exit code 3. It was refused a process beyond limits.processes: 30.';
    const { said, ...ended } = limited.runs[`FORK${suffix}`] ?? { said: [] };
    expect(ended).toEqual({ sandbox: [level], outcome: 'failed', message });
    const raising = level === 'standard' ? 'INFO Read-only file system' : 'INFO No such file or directory';
    expect([...new Set(said)]).toEqual([raising, 'INFO refused', `ERROR ${message} [ROBOT_EXIT]`]);
  },
);

test('a tree gets no more of the processor than it may', () => {
  expect(limited.runs.SPIN).toEqual({
    ...{ sandbox: ['standard'], outcome: 'succeeded', message: null, said: ['INFO held'] },
  });
});

test('no cgroup is left of robots that ended', () => {
  expect(limited.left).toEqual(['kubot-agent']);
});
