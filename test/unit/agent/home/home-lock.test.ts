import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HomeHolder, readHomeHolder, takeHomeLock } from '../../../../src/agent/home/home-lock.ts';
import { homePaths } from '../../../../src/agent/home/home-paths.ts';

const source = resolve(import.meta.dirname, '../../../../src/agent/home');

let home: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kubot lock é-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function holder(pid: number): HomeHolder {
  return { pid, startedAt: '2026-01-02T03:04:05.000Z', socketPath: '/run/x.sock', version: '1.2.3' };
}

/** Another process that holds the home until it dies. */
async function holdElsewhere(): Promise<ChildProcess> {
  const script = `
    import { takeHomeLock } from ${JSON.stringify(join(source, 'home-lock.ts'))};
    import { homePaths } from ${JSON.stringify(join(source, 'home-paths.ts'))};
    takeHomeLock(homePaths(${JSON.stringify(home)}), { ...${JSON.stringify(holder(0))}, pid: process.pid });
    process.stdout.write('held');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('the lock of a home', () => {
  test('names its holder to who comes second', async () => {
    const child = await holdElsewhere();
    expect(() => takeHomeLock(homePaths(home), holder(process.pid))).toThrow(
      expect.objectContaining({
        code: 'HOME_LOCKED',
        message: `The home ${home} is held by the process ${child.pid}, since 2026-01-02T03:04:05.000Z.`,
        details: { home, holder: holder(child.pid ?? 0) },
      }),
    );
  });

  test('is free at once when its holder is killed', async () => {
    const child = await holdElsewhere();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = takeHomeLock(homePaths(home), holder(process.pid));
    expect(readHomeHolder(homePaths(home))).toEqual(holder(process.pid));
    lock.release();
  });

  test('is held within one process too, and is free after its release', () => {
    const paths = homePaths(home);
    const lock = takeHomeLock(paths, holder(1));
    expect(() => takeHomeLock(paths, holder(2))).toThrow(expect.objectContaining({ code: 'HOME_LOCKED' }));
    // The failed try has not let go of the first one's lock.
    expect(() => takeHomeLock(paths, holder(2))).toThrow(expect.objectContaining({ code: 'HOME_LOCKED' }));
    lock.release();
    lock.release();
    expect(existsSync(paths.holder)).toBe(false);
    takeHomeLock(paths, holder(2)).release();
  });

  test('in a folder that is not there is unusable', () => {
    expect(() => takeHomeLock(homePaths(join(home, 'gone')), holder(1))).toThrow(
      expect.objectContaining({ code: 'HOME_UNUSABLE' }),
    );
  });
});
