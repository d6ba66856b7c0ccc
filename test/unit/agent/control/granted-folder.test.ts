import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureGrantedFolder } from '../../../../src/agent/control/granted-folder.ts';

let root: string;
let base: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kgf-'));
  base = join(root, 'kubot-runner');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const ensure = (over: Partial<Parameters<typeof ensureGrantedFolder>[0]> = {}) =>
  ensureGrantedFolder({
    base,
    runtimeDirectory: undefined,
    userId: process.getuid?.() ?? -1,
    userName: 'kubot',
    ...over,
  });

describe.skipIf(process.platform === 'win32')('the folder of a user’s agents', () => {
  test('is made, for all to enter and for nobody else to write to, whatever the umask is', () => {
    const before = process.umask(0o077);
    try {
      expect(ensure()).toEqual({ dir: join(base, 'kubot') });
    } finally {
      process.umask(before);
    }
    expect([base, join(base, 'kubot')].map((dir) => statSync(dir).mode & 0o777)).toEqual([0o755, 0o755]);
  });

  test('is the one that systemd made', () => {
    for (const name of ['a', 'given']) mkdirSync(join(base, name), { recursive: true, mode: 0o755 });
    expect(ensure({ runtimeDirectory: `/run/else:${join(base, 'given')}` })).toEqual({
      dir: join(base, 'given'),
    });
  });

  test('is the one that an administrator made, whatever its name', () => {
    mkdirSync(join(base, 'made by hand'), { recursive: true, mode: 0o755 });
    expect(ensure()).toEqual({ dir: join(base, 'made by hand') });
  });

  test('is not one that others may write to', () => {
    mkdirSync(join(base, 'kubot'), { recursive: true });
    chmodSync(join(base, 'kubot'), 0o777);
    expect(ensure({ runtimeDirectory: join(base, 'kubot') })).toEqual({
      reason: `${join(base, 'kubot')} belongs to somebody else.`,
    });
  });

  test('is in no folder that others may write to', () => {
    mkdirSync(base);
    chmodSync(base, 0o777);
    expect(ensure()).toEqual({ reason: `${base} is a folder that others may write to.` });
  });

  test('that cannot be made is told with what makes it', () => {
    expect(ensure({ base: '/proc/kubot-runner' })).toMatchObject({
      reason: expect.stringMatching(
        /^kubot has no folder below \/proc\/kubot-runner and cannot make one \(ENOENT\)\. In a unit of systemd say RuntimeDirectory=kubot-runner\/kubot; else .*install -d -m 755 -o kubot \/proc\/kubot-runner\/kubot$/,
      ),
    });
  });
});
