import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { endWards } from '../../../../src/agent/process/end-wards.ts';
import { createProcessTable } from '../../../../src/agent/process/process-table.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const table = createProcessTable();
const cookie = { name: 'KUBOT_RUN_ID', value: `wards-${process.pid}` };

async function start(env: Record<string, string>): Promise<{ pid: number; exit: Promise<unknown[]> }> {
  const child = spawn('/bin/sh', ['-c', 'echo up; exec sleep 600'], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  children.push(child);
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, exit };
}

describe.runIf(process.platform === 'linux')('of a robot whose agent died', () => {
  test('the group dies that the watchdog was told of', async () => {
    const robot = await start({});
    await endWards([{ cookie, pid: robot.pid, seen: new Map() }], table);
    expect(await robot.exit).toEqual([null, 'SIGKILL']);
  });

  test('what carries its mark dies, also when the agent died before it could tell the number', async () => {
    const robot = await start({ [cookie.name]: cookie.value });
    await endWards([{ cookie, pid: null, seen: new Map() }], table);
    expect(await robot.exit).toEqual([null, 'SIGKILL']);
  });

  test('what was seen of it dies, without mark or parent; a later process of that number lives', async () => {
    const [left, stranger] = [await start({}), await start({})];
    const startedAt = (await table.list()).find(({ pid }) => pid === left.pid)?.startedAt ?? '';
    const seen = new Map([
      [left.pid, startedAt],
      [stranger.pid, '1'],
    ]);
    await endWards([{ cookie, pid: null, seen }], table);
    expect(await left.exit).toEqual([null, 'SIGKILL']);
    process.kill(stranger.pid, 0);
  });
});
