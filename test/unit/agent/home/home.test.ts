import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultHome, homePaths } from '../../../../src/agent/home/home-paths.ts';
import { ensureInstallationId } from '../../../../src/agent/home/installation.ts';
import { networkFileSystem } from '../../../../src/agent/home/network-file-system.ts';
import { prepareHome } from '../../../../src/agent/home/prepare-home.ts';
import { controlSocketPath } from '../../../../src/agent/home/socket-path.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubot-home-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the home nobody named', () => {
  test.each([
    ['linux', {}, '/home/ana', '/home/ana/.local/share/kubot-runner'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/home/ana', '/data/kubot-runner'],
    ['linux', { XDG_DATA_HOME: 'data' }, '/home/ana', '/home/ana/.local/share/kubot-runner'],
    ['linux', { XDG_DATA_HOME: '' }, '/home/ana', '/home/ana/.local/share/kubot-runner'],
    ['darwin', {}, '/Users/ana', '/Users/ana/Library/Application Support/kubot-runner'],
    [
      'win32',
      { LOCALAPPDATA: 'C:\\Users\\ana\\AppData\\Local' },
      'C:\\Users\\ana',
      'C:\\Users\\ana\\AppData\\Local\\kubot-runner',
    ],
    ['win32', {}, 'C:\\Users\\ana', 'C:\\Users\\ana\\AppData\\Local\\kubot-runner'],
  ] as const)('on %s with %j is below %s: %s', (platform, environment, userHome, expected) => {
    expect(defaultHome(platform, environment, userHome)).toBe(expected);
  });
});

describe('the control socket', () => {
  const long = `/home/${'ñ'.repeat(60)}`;

  test.each([
    ['linux', '/home/ana/kubot', {}, /^\/home\/ana\/kubot\/control\.sock$/],
    ['linux', long, { XDG_RUNTIME_DIR: '/run/user/1000' }, /^\/run\/user\/1000\/kubot-[0-9a-f]{16}\.sock$/],
    ['darwin', long, { TMPDIR: '/var/folders/x/' }, /^\/var\/folders\/x\/kubot-[0-9a-f]{16}\.sock$/],
    ['linux', long, { TMPDIR: `/${'t'.repeat(100)}` }, /^\/tmp\/kubot-[0-9a-f]{16}\.sock$/],
    ['win32', 'C:\\kubot', {}, /^\\\\\.\\pipe\\kubot-[0-9a-f]{16}$/],
  ] as const)('on %s of %s lies where a socket fits', (platform, home, environment, expected) => {
    const path = controlSocketPath(home, platform, environment);
    expect(path).toMatch(expected);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
  });

  test('of two homes is never the same', () => {
    expect(controlSocketPath(`${long}/a`, 'linux', {})).not.toBe(controlSocketPath(`${long}/b`, 'linux', {}));
  });
});

describe('a file system', () => {
  test.each([
    ['linux', '/mnt/nfs', 0x6969, 'NFS'],
    ['linux', '/mnt/cifs', 0xff534d42, 'CIFS'],
    ['linux', '/mnt/cifs', 0xff534d42 | 0, 'CIFS'],
    ['linux', '/home', 0xef53, null],
    ['linux', '/home', 0x65735546, null],
    ['darwin', '/Users', 0x6969, null],
    ['win32', '\\\\server\\share\\kubot', 0, 'network share'],
    ['win32', '\\\\?\\C:\\kubot', 0, null],
    ['win32', 'C:\\kubot', 0, null],
  ] as const)('on %s at %s of type %i is %s', (platform, path, type, expected) => {
    expect(networkFileSystem(platform, path, type)).toBe(expected);
  });
});

describe.skipIf(process.platform === 'win32')('a home', () => {
  test('is made with its parents, for its owner alone', () => {
    const home = join(folder, 'a', 'b c é');
    prepareHome(home);
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  test('that others could read is closed to them', () => {
    chmodSync(folder, 0o755);
    prepareHome(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('that is a file is refused by name', () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    for (const home of [path, join(path, 'below')]) {
      expect(() => prepareHome(home)).toThrow(
        expect.objectContaining({ code: 'HOME_UNUSABLE', message: expect.stringContaining(home) }),
      );
    }
  });
});

describe('the installation', () => {
  test('gets an id once and keeps it', () => {
    const paths = homePaths(folder);
    const id = ensureInstallationId(paths);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(ensureInstallationId(paths)).toBe(id);
    expect(readdirSync(folder)).toEqual(['installation.json']);
  });

  test('whose file is damaged does not become another', () => {
    const paths = homePaths(folder);
    writeFileSync(paths.installation, '{}');
    expect(() => ensureInstallationId(paths)).toThrow(
      expect.objectContaining({
        code: 'HOME_UNUSABLE',
        message: expect.stringContaining(paths.installation),
      }),
    );
  });
});
