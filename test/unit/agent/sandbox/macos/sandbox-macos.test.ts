import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgeCanary } from '../../../../../src/agent/sandbox/canary.ts';
import { sandboxExecCommand } from '../../../../../src/agent/sandbox/macos/launch.ts';
import { createSandboxMacos, missingOnMacos } from '../../../../../src/agent/sandbox/macos/sandbox-macos.ts';
import { explainFailure } from '../../../../../src/agent/sandbox/macos/try-level.ts';
import { aJob, aPolicy } from '../../../../helpers/a-sandbox-job.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-mac-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function sandbox(sandboxExec: string) {
  return createSandboxMacos({
    containment: { kind: 'group' },
    host: { agentHome: dir, controlDir: null, userHomes: [], secretFiles: [] },
    upstreamProxy: null,
    sandboxExec,
  });
}

describe('on a Mac', () => {
  test.runIf(process.platform !== 'win32')(
    'a sandbox-exec that holds nothing back is found out by the canary',
    async () => {
      const sandboxExec = join(dir, 'sandbox-exec');
      writeFileSync(sandboxExec, '#!/bin/sh\nshift 2\nexec "$@"\n', { mode: 0o755 });
      const mac = sandbox(sandboxExec);
      expect(await mac.detect(aPolicy())).toMatchObject({
        requested: 'standard',
        achieved: 'off',
        reason: expect.stringMatching(
          /^Tried from within, these were not held back: files, (sockets, )?signals\.$/,
        ),
      });
      await mac.stop(0);
    },
  );

  test('without sandbox-exec strict is refused, and standard runs at off, saying why', async () => {
    const mac = sandbox(join(dir, 'missing'));
    const policy = aPolicy({ level: 'strict', required: true });
    const command = { file: '/bin/sh', args: [], cwd: dir, env: {} };
    await expect(mac.prepare(command, aJob({ policy }))).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      message: expect.stringContaining('There is no '),
    });
    const prepared = await mac.prepare(command, aJob());
    expect(prepared.status).toMatchObject({
      achieved: 'off',
      reason: expect.stringContaining('There is no '),
    });
    await mac.stop(0);
  });

  test('the program comes after the profile, under the limits that macOS keeps', () => {
    const command = { file: '/usr/bin/python3', args: ['-p', 'x'] };
    const policy = aPolicy({
      limits: { memoryBytes: 1024, processes: null, cpuPercent: null, openFiles: 64 },
    });
    const held = ['-p', '(version 1)', '/usr/bin/python3', '-p', 'x'];
    expect(
      sandboxExecCommand('/usr/bin/sandbox-exec', '(version 1)', command, { policy: aPolicy() }),
    ).toEqual({
      file: '/usr/bin/sandbox-exec',
      args: held,
    });
    expect(sandboxExecCommand('/usr/bin/sandbox-exec', '(version 1)', command, { policy })).toEqual({
      file: '/bin/sh',
      args: ['-c', 'ulimit -n 64 && exec "$@"', 'sh', '/usr/bin/sandbox-exec', ...held],
    });
  });

  test.each([
    ['standard', aPolicy(), ['syscalls', 'processes', 'screen']],
    ['strict', aPolicy({ level: 'strict' }), ['syscalls', 'processes']],
    [
      'what it cannot limit',
      aPolicy({
        level: 'strict',
        homeMode: 'user',
        limits: { memoryBytes: 1, processes: 1, cpuPercent: 1, openFiles: 1 },
      }),
      ['syscalls', 'processes', 'home', 'limits.memoryBytes', 'limits.cpuPercent'],
    ],
  ])('what is missing is told: %s', (_what, policy, missing) => {
    expect(missingOnMacos(policy)).toEqual(missing);
  });

  test.each([
    ['ended\n', '', null],
    ['files\nended\n', '', 'Tried from within, these were not held back: files.'],
    [
      '',
      'sandbox-exec: sandbox_apply: Operation not permitted\n',
      'sandbox-exec did not work. It said: sandbox-exec: sandbox_apply: Operation not permitted. The agent itself runs in a sandbox: start it outside.',
    ],
    [
      '',
      'sandbox-exec: <input string>:3:1: unbound variable: lsopen',
      'sandbox-exec did not work. It said: sandbox-exec: <input string>:3:1: unbound variable: lsopen.',
    ],
  ])('a canary that wrote %j and %j', (output, said, reason) => {
    expect(judgeCanary(output, said, explainFailure)).toBe(reason);
  });
});
