import { afterEach, describe, expect, test } from 'vitest';
import type { Containment } from '../../../../src/agent/process/containment.ts';
import type { Sandbox } from '../../../../src/agent/sandbox/sandbox.ts';
import { createSandboxOff } from '../../../../src/agent/sandbox/sandbox-off.ts';
import { aJob, aPolicy } from '../../../helpers/a-sandbox-job.ts';

const group: Containment = { kind: 'group' };
const sandboxes: Sandbox[] = [];

function sandboxOff(containment: Containment): Sandbox {
  const sandbox = createSandboxOff({ containment, reason: 'Nothing is installed.' });
  sandboxes.push(sandbox);
  return sandbox;
}

afterEach(async () => {
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.stop(0)));
});

describe('without a sandbox', () => {
  test('what standard lacks is listed, with the reason', async () => {
    expect(
      await sandboxOff({ kind: 'pid-namespace', bwrapPath: '/usr/bin/bwrap' }).detect(
        aPolicy({ level: 'standard' }),
      ),
    ).toEqual({
      requested: 'standard',
      achieved: 'off',
      missing: ['files', 'syscalls'],
      reason: 'Nothing is installed.',
    });
  });

  test('what a policy asks for beyond the level is listed too', async () => {
    const policy = aPolicy({
      level: 'off',
      allowedHosts: [],
      gui: 'virtual',
      limits: { ...aPolicy().limits, openFiles: 100 },
    });
    expect(await sandboxOff(group).detect(policy)).toEqual({
      requested: 'off',
      achieved: 'off',
      missing: ['files', 'network', 'syscalls', 'processes', 'limits', 'screen'],
      reason: null,
    });
  });

  test('a command that requires its level is refused, saying why', async () => {
    const command = { file: '/bin/sh', args: ['-c', ':'], cwd: '/', env: {} };
    const policy = aPolicy({ level: 'strict', required: true });
    await expect(sandboxOff(group).prepare(command, aJob({ policy }))).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      message: 'The sandbox level strict is not available on this host: Nothing is installed.',
    });
  });

  test.runIf(process.platform !== 'win32')('a command runs, and stop ends what still lives', async () => {
    const sandbox = sandboxOff(group);
    const command = { file: '/bin/sh', args: ['-c', 'sleep 300'], cwd: '/', env: { PATH: '/usr/bin:/bin' } };
    const prepared = await sandbox.prepare(command, aJob({ policy: aPolicy({ level: 'off' }) }));
    const robot = await prepared.start();
    robot.stdout.resume();
    robot.stderr.resume();
    await sandbox.stop(0);
    expect(await robot.exited).toMatchObject({ reason: 'cancelled' });
  });
});
