import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../../../../src/agent/doctor/check.ts';
import { checkDisk, checkGatewayCertificates, checkHome } from '../../../../src/agent/doctor/home-checks.ts';
import { checkBubblewrap, checkMemory, checkNode } from '../../../../src/agent/doctor/machine-checks.ts';
import { judgeConnection } from '../../../../src/agent/doctor/platform-checks.ts';
import { judgeLevel } from '../../../../src/agent/doctor/sandbox-checks.ts';
import type { SandboxStatus } from '../../../../src/shared/run.ts';
import type { Status } from '../../../../src/shared/status.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-doctor-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Every failed check names its fix. */
function verdict({ ok, exitCode, fix }: Finding): [boolean, number] {
  expect(fix === null).toBe(ok);
  return [ok, exitCode];
}

test.each([
  ['24.0.0', true],
  ['26.1.0', true],
  ['22.12.0', false],
])('Node.js %s: %s', (version, ok) => {
  expect(checkNode(version).ok).toBe(ok);
});

describe('the home', () => {
  test('that is not there is no failure, and is not made', () => {
    const home = join(dir, 'a', 'home');
    expect(checkHome(home)).toMatchObject({ ok: true, message: `${home} is made when an agent starts.` });
  });

  test('that is this user’s alone is sound', () => {
    expect(checkHome(dir)).toMatchObject({ ok: true, message: `${dir} is this user's alone.` });
  });

  test.runIf(process.platform !== 'win32')('that others can open is named with the command', () => {
    chmodSync(dir, 0o755);
    expect(checkHome(dir)).toMatchObject({ ok: false, fix: `Run: chmod 700 '${dir}'` });
  });

  test('of another user, or below a file, is not usable', () => {
    writeFileSync(join(dir, 'file'), '');
    expect(verdict(checkHome(dir, 4711))).toEqual([false, 1]);
    expect(verdict(checkHome(join(dir, 'file', 'home')))).toEqual([false, 1]);
  });
});

test.each([
  [2e9, true],
  [1e9, true],
  [5e8, false],
])('a disk with %i bytes free: %s', (free, ok) => {
  expect(verdict(checkDisk(dir, 1e9, free))).toEqual([ok, ok ? 0 : 1]);
});

describe('the certificates of the gateway', () => {
  test('that were not made yet are no failure', async () => {
    expect((await checkGatewayCertificates(dir, Date.now())).ok).toBe(true);
  });

  test('that are damaged are named', async () => {
    const gateway = join(dir, 'gateway');
    mkdirSync(gateway);
    writeFileSync(join(gateway, 'ca.pem'), 'nothing');
    expect(await checkGatewayCertificates(dir, Date.now())).toMatchObject({
      ok: false,
      message: `${join(gateway, 'ca.pem')} holds no certificate with its key.`,
    });
  });
});

describe('bubblewrap', () => {
  const none = () => null;

  test('that works is named', () => {
    const found = checkBubblewrap({ kind: 'pid-namespace', bwrapPath: '/usr/bin/bwrap' }, true, none);
    expect(found).toMatchObject({ ok: true, message: '/usr/bin/bwrap was tried and works.' });
  });

  test('that is missing is to be installed', () => {
    expect(checkBubblewrap({ kind: 'group' }, false, none).fix).toContain('apt install bubblewrap');
  });

  test.each([
    ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1\n', 'sysctl kernel.apparmor'],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0\n', 'sysctl kernel.unprivileged_userns_clone=1'],
    ['/proc/sys/user/max_user_namespaces', '0\n', 'sysctl user.max_user_namespaces'],
    ['', '', 'outside of the container'],
  ])('that is refused by %s has its own fix', (path, text, fix) => {
    const found = checkBubblewrap({ kind: 'group' }, true, (asked) => (asked === path ? text : '1000'));
    expect(found.ok).toBe(false);
    expect(found.fix).toContain(fix);
  });
});

describe('the memory of the agent', () => {
  test('is open to every robot of root', async () => {
    expect(verdict(await checkMemory(null, 0))).toEqual([false, 1]);
  });

  test.runIf(process.platform === 'linux')('is open when its environment can be read', async () => {
    expect(verdict(await checkMemory(process.pid, 1000))).toEqual([false, 1]);
    expect(verdict(await checkMemory(null, 1000))).toEqual([true, 0]);
  });
});

describe('a sandbox level', () => {
  const status: SandboxStatus = { requested: 'standard', achieved: 'standard', missing: [], reason: null };

  test('that holds says what it does not keep', () => {
    expect(judgeLevel({ ...status, missing: ['network'] }, true)).toMatchObject({
      ok: true,
      message: 'The level standard was tried and holds. Not kept from robots: network.',
    });
  });

  test('that cannot be had is a failure when it is asked for', () => {
    const lowered: SandboxStatus = { ...status, achieved: 'off', missing: ['files'], reason: 'No bwrap.' };
    expect(judgeLevel(lowered, true)).toMatchObject({
      ok: false,
      message:
        'The level standard cannot be had: No bwrap. So its robots run at off. Not kept from robots: files.',
    });
    expect(judgeLevel({ ...lowered, requested: 'strict' }, true).message).toContain('its robots are refused');
    expect(verdict(judgeLevel(lowered, false))).toEqual([true, 0]);
  });
});

describe('the connection', () => {
  const connected: Status['connection'] = {
    endpoint: 'https://x',
    state: 'connected',
    since: '2026-01-02T03:04:05.000Z',
    nextTryAt: null,
    lastError: null,
    clockSkewMs: null,
  };
  const verdicts = (connection: Partial<Status['connection']>, hasCredentials = true) =>
    Object.fromEntries(
      judgeConnection({ ...connected, ...connection }, hasCredentials).map((finding) => [
        finding.id,
        verdict(finding),
      ]),
    );

  test('that stands, with a right clock, has no failure', () => {
    expect(verdicts({})).toEqual({ api: [true, 0], credentials: [true, 0], clock: [true, 0] });
  });

  test('that is not there leaves out what it cannot tell', () => {
    const lastError = { code: 'PLATFORM_UNREACHABLE', message: 'Nobody answers.' };
    expect(verdicts({ state: 'offline', lastError })).toEqual({ api: [false, 4] });
  });

  test('that is refused is told apart from credentials that are not there', () => {
    const refused = { state: 'unauthorized', lastError: { code: 'UNAUTHORIZED', message: 'No.' } } as const;
    expect(verdicts(refused)).toMatchObject({ api: [true, 0], credentials: [false, 5] });
    expect(verdicts(refused, false)).toMatchObject({ api: [true, 0], credentials: [false, 3] });
  });

  test('tells how far the clock is off', () => {
    expect(verdicts({ clockSkewMs: -3_600_000 })).toMatchObject({ clock: [false, 1] });
    expect(judgeConnection({ ...connected, clockSkewMs: -3_600_000 }, true).at(-1)?.message).toBe(
      "The clock is 60 min behind the platform's.",
    );
  });
});
