import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  findGrantedSockets,
  grantedDir,
  grantedSocketName,
} from '../../../../src/agent/home/granted-sockets.ts';

let base: string;
let servers: Server[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'kgs-'));
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(base, { recursive: true, force: true });
});

async function listen(folder: string, home: string): Promise<string> {
  const dir = join(base, folder);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const path = join(dir, grantedSocketName(home));
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const find = (home: string | null) =>
  findGrantedSockets(home, { KUBOT_GRANTED_DIR: base }).map(({ path }) => path);

describe.skipIf(process.platform === 'win32')('the sockets of agents that let others in', () => {
  test('are found by the home, and all of them without one', async () => {
    const first = await listen('a', '/var/lib/a');
    const second = await listen('b', '/var/lib/b');
    expect(find('/var/lib/b')).toEqual([second]);
    expect(find('/var/lib/c')).toEqual([]);
    expect(find(null)).toEqual([first, second]);
  });

  test.each([
    ['all of them in a folder that others may write to', '.', 0o777],
    ['those in a folder of one that others may write to', 'a', 0o775],
  ])('are not: %s', async (_what, folder, mode) => {
    await listen('a', '/var/lib/a');
    chmodSync(join(base, folder), mode);
    expect(find(null)).toEqual([]);
    chmodSync(join(base, folder), 0o755);
    expect(find(null)).toHaveLength(1);
  });

  test('are not those that a link leads to, nor files', async () => {
    await listen('a', '/var/lib/a');
    symlinkSync(join(base, 'a'), join(base, 'link'));
    mkdirSync(join(base, 'b'));
    writeFileSync(join(base, 'b', grantedSocketName('/var/lib/b')), '');
    writeFileSync(join(base, 'file'), '');
    expect(find(null)).toHaveLength(1);
    expect(find('/var/lib/b')).toEqual([]);
  });

  test('are none where nobody made a folder for them', () => {
    expect(findGrantedSockets(null, { KUBOT_GRANTED_DIR: join(base, 'gone') })).toEqual([]);
  });
});

test.each([
  ['linux', {}, '/run/kubot-runner'],
  ['darwin', {}, '/Library/Application Support/kubot-runner/control'],
  ['linux', { KUBOT_GRANTED_DIR: '' }, '/run/kubot-runner'],
  ['linux', { KUBOT_GRANTED_DIR: '/srv/kubot' }, '/srv/kubot'],
  ['win32', { KUBOT_GRANTED_DIR: 'C:\\x' }, null],
] as const)('on %s with %o they lie in %s', (platform, environment, dir) => {
  expect(grantedDir(platform, environment)).toBe(dir);
});

test('a socket’s path is short enough for every system', () => {
  const path = join(grantedDir('darwin', {}) ?? '', '_a-service-user', grantedSocketName('/any/home'));
  expect(path.length).toBeLessThan(104);
});
