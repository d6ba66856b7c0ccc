import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import type { Containment } from '../../../../../src/agent/process/containment.ts';
import { requireLevel } from '../../../../../src/agent/sandbox/require-level.ts';
import {
  createSandboxWindows,
  missingOnWindows,
} from '../../../../../src/agent/sandbox/windows/sandbox-windows.ts';
import { aPolicy } from '../../../../helpers/a-sandbox-job.ts';

function sandbox(containment: Containment) {
  return createSandboxWindows({ containment, agentHome: tmpdir(), environment: {} });
}

test('strict is refused, saying why', async () => {
  const status = await sandbox({ kind: 'group' }).detect(aPolicy({ level: 'strict', required: true }));
  expect(status).toMatchObject({ achieved: 'off', reason: expect.stringContaining('no level strict') });
});

test('without Job Objects standard is off, saying why', async () => {
  expect(await sandbox({ kind: 'group' }).detect(aPolicy())).toMatchObject({
    achieved: 'off',
    reason: expect.stringContaining('no Job Objects'),
  });
});

test('a job that takes no process is found out by the canary', async () => {
  const openJob = () => {
    throw new Error('CreateJobObjectW failed with the Windows error 5');
  };
  expect(await sandbox({ kind: 'job', openJob }).detect(aPolicy())).toMatchObject({
    achieved: 'off',
    reason: expect.stringContaining('CreateJobObjectW failed with the Windows error 5'),
  });
});

test('what is missing is told', () => {
  expect(missingOnWindows(aPolicy())).toEqual(['files', 'syscalls', 'processes', 'screen']);
  const limits = { memoryBytes: 1, processes: 1, cpuPercent: 1, openFiles: 1 };
  expect(missingOnWindows(aPolicy({ allowedHosts: [], limits }))).toEqual([
    'files',
    'network',
    'syscalls',
    'processes',
    'screen',
    'limits.openFiles',
  ]);
});

test('a level that keeps no files from a robot is refused to who asks for it or nothing', () => {
  const status = {
    requested: 'standard' as const,
    achieved: 'standard' as const,
    missing: ['files'],
    reason: 'No files.',
  };
  expect(requireLevel(status, false)).toBe(status);
  expect(() => requireLevel(status, true)).toThrow('No files.');
  expect(() => requireLevel({ ...status, missing: ['screen'] }, true)).not.toThrow();
});
