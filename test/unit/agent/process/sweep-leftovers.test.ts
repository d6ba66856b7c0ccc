import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { sweepLeftovers } from '../../../../src/agent/process/sweep-leftovers.ts';

/** Ids that no other test's processes carry. */
const idOf = (name: string) => `${name}-${process.pid}-${Date.now()}`;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const { pid = 0 } of children.splice(0)) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Swept, as it should be.
    }
  }
});

/** A process that outlives whoever started its run. */
async function leave(runId: string): Promise<{ child: ChildProcess; exit: Promise<unknown[]> }> {
  const child = spawn('/bin/sh', ['-c', 'echo here; sleep 600'], {
    env: { KUBOT_RUN_ID: runId, PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  children.push(child);
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  return { child, exit };
}

describe.runIf(process.platform === 'linux')('what a crash left', () => {
  test('of this home’s runs is killed, with its children; what another home runs lives', async () => {
    const [ours, theirs] = [idOf('ours'), idOf('theirs')];
    const [left, other] = [await leave(ours), await leave(theirs)];
    expect(await sweepLeftovers((id) => id === ours)).toBeGreaterThanOrEqual(2);
    expect(await left.exit).toEqual([null, 'SIGKILL']);
    expect([other.child.exitCode, other.child.signalCode]).toEqual([null, null]);
    expect(await sweepLeftovers((id) => id === ours)).toBe(0);
  });
});
