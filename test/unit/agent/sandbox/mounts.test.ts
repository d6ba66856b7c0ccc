import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MountRequest, mountArguments } from '../../../../src/agent/sandbox/linux/mounts.ts';
import { aPolicy } from '../../../helpers/a-sandbox-job.ts';

let home: string;
let agentHome: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'kubot-mounts-')));
  agentHome = join(home, 'agent');
  mkdirSync(agentHome);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function mountsOf(over: Partial<MountRequest> = {}): string[][] {
  const options = mountArguments({
    level: 'standard',
    policy: aPolicy(),
    host: { agentHome, controlDir: null, userHomes: [home], secretFiles: [], tools: [] },
    places: { write: [join(agentHome, 'runs/1/work')], read: [join(agentHome, 'packages/p')], tmpDir: '/x' },
    screen: [],
    limitsTmpfs: true,
    ...over,
  });
  // Each option with its operands.
  const mounts: string[][] = [];
  for (const option of options) {
    if (option.startsWith('--')) mounts.push([option]);
    else mounts.at(-1)?.push(option);
  }
  return mounts.filter((mount) => mount.some((operand) => operand.startsWith(home)));
}

describe.runIf(process.platform === 'linux')('the file system of a robot', () => {
  test('hides the homes, then shows what is the robot’s, then seals what was hidden', () => {
    const [work, packages] = [join(agentHome, 'runs/1/work'), join(agentHome, 'packages/p')];
    expect(mountsOf()).toEqual([
      ['--tmpfs', home],
      ['--tmpfs', agentHome],
      ['--ro-bind', packages, packages],
      ['--bind', work, work],
      ['--remount-ro', home],
      ['--remount-ro', agentHome],
    ]);
  });

  test('hides the agent’s home in what is granted, and grants nothing of it', () => {
    const policy = aPolicy({ files: { read: [home], write: [join(agentHome, 'gateway')] } });
    expect(mountsOf({ policy, places: { write: [], read: [], tmpDir: '/x' } })).toEqual([
      ['--ro-bind-try', home, home],
      ['--tmpfs', agentHome],
      ['--remount-ro', agentHome],
    ]);
  });

  test('is the person’s home where the robot is meant to work in it', () => {
    const policy = aPolicy({ homeMode: 'user' });
    expect(mountsOf({ policy, places: { write: [], read: [], tmpDir: '/x' } })).toEqual([
      ['--bind', home, home],
      ['--tmpfs', agentHome],
      ['--remount-ro', agentHome],
    ]);
  });

  test('shows a secret’s file as empty, wherever it lies', () => {
    const secret = join(home, 'Documents/secret');
    mkdirSync(join(home, 'Documents'));
    writeFileSync(secret, 'x');
    const policy = aPolicy({ files: { read: [join(home, 'Documents')], write: [] } });
    // As secrets come into containers: by a link.
    symlinkSync(secret, join(home, 'secret-link'));
    const secretFiles = [join(home, 'secret-link'), join(home, 'gone')];
    const host = { agentHome, controlDir: null, userHomes: [home], secretFiles, tools: [] };
    expect(mountsOf({ policy, host, places: { write: [], read: [], tmpDir: '/x' } })).toContainEqual([
      '--ro-bind',
      '/dev/null',
      secret,
    ]);
  });

  test('shows what a link leads to: at the link where that is hidden, else where it leads', () => {
    const real = join(home, 'real');
    mkdirSync(real);
    symlinkSync(real, join(home, 'link'));
    const places = { write: [join(home, 'link')], read: [], tmpDir: '/x' };
    expect(mountsOf({ places }).filter(([option]) => option === '--bind')).toEqual([
      ['--bind', join(home, 'link'), join(home, 'link')],
      ['--bind', real, real],
    ]);
    const host = { agentHome, controlDir: null, userHomes: [], secretFiles: [], tools: [] };
    const shown = mountsOf({ places, host }).filter(([option]) => option === '--bind');
    // The tests' own folder is hidden as well where it lies in one of those.
    expect(shown).toContainEqual(['--bind', real, real]);
  });

  test('grants nothing of the agent’s home by a link either', () => {
    symlinkSync(agentHome, join(home, 'innocent'));
    const policy = aPolicy({ files: { read: [join(home, 'innocent')], write: [] } });
    expect(JSON.stringify(mountsOf({ policy }))).not.toContain('innocent');
  });

  test('hides where agents listen for granted users, after a grant and by a link too', () => {
    const controlDir = join(home, 'control');
    mkdirSync(join(controlDir, 'kubot'), { recursive: true });
    symlinkSync(controlDir, join(home, 'innocent'));
    const policy = aPolicy({
      files: { read: [], write: [join(controlDir, 'kubot'), join(home, 'innocent')] },
      sockets: [join(controlDir, 'kubot/x.sock')],
    });
    const host = { agentHome, controlDir, userHomes: [], secretFiles: [], tools: [] };
    const mounts = mountsOf({ policy, host, places: { write: [], read: [], tmpDir: '/x' } });
    expect(mounts.filter((mount) => JSON.stringify(mount).includes(controlDir))).toEqual([
      ['--tmpfs', controlDir],
      ['--remount-ro', controlDir],
    ]);
    expect(JSON.stringify(mounts)).not.toContain('innocent');
  });

  test('in strict begins with nothing but the system’s programs', () => {
    const options = mountArguments({
      level: 'strict',
      policy: aPolicy({ level: 'strict', allowedHosts: [] }),
      host: { agentHome, controlDir: null, userHomes: [home], secretFiles: [], tools: [] },
      places: { write: [], read: [], tmpDir: '/x' },
      screen: [],
      limitsTmpfs: false,
    });
    const text = options.join(' ');
    expect(text).not.toContain('--ro-bind / /');
    expect(text).toContain('--ro-bind /usr /usr');
    expect(text).not.toContain('/etc/shadow');
    expect(options.slice(-2)).toEqual(['--remount-ro', '/']);
  });
});
