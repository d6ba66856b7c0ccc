import { afterEach, describe, expect, test } from 'vitest';
import type { Containment } from '../../../../src/agent/process/containment.ts';
import type { Sandbox } from '../../../../src/agent/sandbox/sandbox.ts';
import { createSandboxOff } from '../../../../src/agent/sandbox/sandbox-off.ts';

const group: Containment = { kind: 'group' };
const sandboxes: Sandbox[] = [];

function sandboxOff(containment: Containment): Sandbox {
  const sandbox = createSandboxOff({ containment });
  sandboxes.push(sandbox);
  return sandbox;
}

afterEach(async () => {
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.stop(0)));
});

describe('without a sandbox', () => {
  test('what standard lacks is listed', async () => {
    expect(
      await sandboxOff({ kind: 'pid-namespace', bwrapPath: '/usr/bin/bwrap' }).detect('standard'),
    ).toEqual({
      requested: 'standard',
      achieved: 'off',
      missing: ['files', 'network', 'syscalls'],
    });
    expect(await sandboxOff(group).detect('standard')).toMatchObject({
      missing: ['files', 'network', 'syscalls', 'processes'],
    });
  });

  test('strict is refused, when asked about and when a command is prepared', async () => {
    const sandbox = sandboxOff(group);
    const command = { file: '/bin/sh', args: ['-c', ':'], cwd: '/', env: {} };
    await expect(sandbox.detect('strict')).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
    await expect(sandbox.prepare(command, { level: 'strict', runId: 'r' })).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
    });
  });

  test.runIf(process.platform !== 'win32')('a command runs, and stop ends what still lives', async () => {
    const sandbox = sandboxOff(group);
    const command = { file: '/bin/sh', args: ['-c', 'sleep 300'], cwd: '/', env: { PATH: '/usr/bin:/bin' } };
    const prepared = await sandbox.prepare(command, { level: 'off', runId: 'sandbox-off-test' });
    const robot = await prepared.start();
    robot.stdout.resume();
    robot.stderr.resume();
    await sandbox.stop(0);
    expect(await robot.exited).toMatchObject({ reason: 'cancelled' });
  });
});
