import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  fillHome,
  fillWorkingCopy,
  makeRunFolders,
  type RunFolders,
  runFolders,
} from '../../../../src/agent/runs/run-folders.ts';

const isPosix = process.platform !== 'win32';

let dir: string;
let packageDir: string;
let folders: RunFolders;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot folders é-'));
  packageDir = join(dir, 'environment', 'package');
  mkdirSync(join(packageDir, 'node_modules', 'dep'), { recursive: true });
  mkdirSync(join(packageDir, 'src'));
  writeFileSync(join(packageDir, 'kubot.yaml'), 'operations: []\n');
  writeFileSync(join(packageDir, 'src', 'tasks.py'), 'print(1)\n');
  writeFileSync(join(packageDir, 'node_modules', 'dep', 'index.js'), 'export {};\n');
  folders = runFolders(join(dir, 'runs'), 'r-1');
  makeRunFolders(folders);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the folders of a run', () => {
  test('lie below the folder of its id', () => {
    const run = join(dir, 'runs', 'r-1');
    expect(folders).toEqual({
      dir: run,
      workDir: join(run, 'work'),
      homeDir: join(run, 'home'),
      tmpDir: join(run, 'tmp'),
      outDir: join(run, 'out'),
      runLogPath: join(run, 'run.log'),
    });
    expect(readdirSync(run).sort()).toEqual(['home', 'out', 'tmp', 'work']);
  });

  test.skipIf(!isPosix)('are for their owner alone', () => {
    const { workDir, homeDir, tmpDir, outDir } = folders;
    expect([workDir, homeDir, tmpDir, outDir].map((each) => statSync(each).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700, 0o700,
    ]);
  });

  test('may be made twice', () => {
    writeFileSync(join(folders.outDir, 'x'), '');
    makeRunFolders(folders);
    expect(readdirSync(folders.outDir)).toEqual(['x']);
  });
});

describe('a working copy', () => {
  test('has the files of the package, and a write to it changes nothing of the environment', async () => {
    await fillWorkingCopy(packageDir, folders.workDir, []);
    const copy = join(folders.workDir, 'src', 'tasks.py');
    expect(readFileSync(copy, 'utf8')).toBe('print(1)\n');
    appendFileSync(copy, 'print(2)\n');
    rmSync(join(folders.workDir, 'kubot.yaml'));
    expect(readFileSync(join(packageDir, 'src', 'tasks.py'), 'utf8')).toBe('print(1)\n');
    expect(existsSync(join(packageDir, 'kubot.yaml'))).toBe(true);
  });

  test('has no hard link to the environment', async () => {
    await fillWorkingCopy(packageDir, folders.workDir, ['node_modules']);
    const files = ['kubot.yaml', 'src/tasks.py'];
    expect(files.map((file) => statSync(join(folders.workDir, file)).nlink)).toEqual([1, 1]);
    const inodes = (root: string) => files.map((file) => statSync(join(root, file)).ino);
    expect(inodes(folders.workDir)).not.toEqual(inodes(packageDir));
  });

  test('shares what is shared by a link, not copied', async () => {
    await fillWorkingCopy(packageDir, folders.workDir, ['node_modules']);
    const shared = join(folders.workDir, 'node_modules');
    expect(lstatSync(shared).isSymbolicLink()).toBe(true);
    expect(realpathSync(shared)).toBe(realpathSync(join(packageDir, 'node_modules')));
    expect(readFileSync(join(shared, 'dep', 'index.js'), 'utf8')).toBe('export {};\n');
  });

  test('can be removed with its links, which leaves the environment whole', async () => {
    await fillWorkingCopy(packageDir, folders.workDir, ['node_modules']);
    rmSync(folders.dir, { recursive: true });
    expect(existsSync(join(packageDir, 'node_modules', 'dep', 'index.js'))).toBe(true);
  });

  test.skipIf(!isPosix)('keeps links of the package and modes of its programs', async () => {
    symlinkSync('src/tasks.py', join(packageDir, 'latest.py'));
    writeFileSync(join(packageDir, 'run.sh'), '#!/bin/sh\n');
    chmodSync(join(packageDir, 'run.sh'), 0o755);
    await fillWorkingCopy(packageDir, folders.workDir, []);
    expect(readlinkSync(join(folders.workDir, 'latest.py'))).toBe('src/tasks.py');
    expect(statSync(join(folders.workDir, 'run.sh')).mode & 0o777).toBe(0o755);
  });

  test.runIf(isPosix).each([[[]], [['node_modules']]])(
    'is made without pipes and sockets, with %j shared',
    async (shared) => {
      execFileSync('/usr/bin/mkfifo', [join(packageDir, 'pipe'), join(packageDir, 'src', 'pipe')]);
      await fillWorkingCopy(packageDir, folders.workDir, shared);
      expect(readdirSync(folders.workDir).sort()).toEqual(['kubot.yaml', 'node_modules', 'src']);
      expect(readdirSync(join(folders.workDir, 'src'))).toEqual(['tasks.py']);
    },
  );
});

describe('the home of a run', () => {
  test('has what post-install left, and is its own', async () => {
    const left = join(dir, 'environment', 'home');
    mkdirSync(join(left, '.cache', 'browser'), { recursive: true });
    writeFileSync(join(left, '.cache', 'browser', 'bin'), 'x');
    if (isPosix) chmodSync(left, 0o755);
    await fillHome(left, folders.homeDir);
    const copy = join(folders.homeDir, '.cache', 'browser', 'bin');
    writeFileSync(copy, 'changed');
    expect(readFileSync(join(left, '.cache', 'browser', 'bin'), 'utf8')).toBe('x');
    if (isPosix) expect(statSync(folders.homeDir).mode & 0o777).toBe(0o700);
  });

  test.runIf(isPosix)('is made without the pipes and sockets that programs left in it', async () => {
    const left = join(dir, 'environment', 'home');
    mkdirSync(join(left, '.tool'), { recursive: true });
    execFileSync('/usr/bin/mkfifo', [join(left, 'pipe')]);
    writeFileSync(join(left, '.tool', 'settings'), 'x');
    const server = createServer().listen(join(left, '.tool', 's'));
    await once(server, 'listening');
    try {
      await fillHome(left, folders.homeDir);
    } finally {
      server.close();
    }
    expect(readdirSync(folders.homeDir, { recursive: true }).sort()).toEqual(['.tool', '.tool/settings']);
  });

  test('is empty where post-install left none', async () => {
    await fillHome(null, folders.homeDir);
    expect(readdirSync(folders.homeDir)).toEqual([]);
  });
});
