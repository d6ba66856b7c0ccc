import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  buildPythonEnvironment,
  type PythonEnvironmentOptions,
  pythonFolders,
} from '../../../../src/agent/runtimes/python-environment.ts';
import { removeTree } from '../../../../src/agent/runtimes/remove-tree.ts';
import type { InstalledRuntime } from '../../../../src/agent/runtimes/runtime-store.ts';
import { protectTree } from '../../../../src/agent/runtimes/shared-files.ts';
import { makeTestDir, makeTree, runCommand } from './make-tree.ts';

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
beforeEach(() => {
  dir = makeTestDir();
});
afterEach(() => removeTree(dir));

/**
 * A Python that notes in `calls` what it is called with, says where packages lie, and makes a venv of itself.
 * What it says with `-I -c` is where its own pip lies.
 */
function fakePython(): string {
  return `#!/bin/sh
echo "$@" >> '${join(dir, 'calls')}'
case "$1 $2" in
  '-c import'*) echo '${join(dir, 'env', 'site-packages')}' ;;
  '-I -c') echo '${join(dir, 'python', 'site-packages')}' ;;
  '-m venv') for last; do :; done; mkdir -p "$last/bin" "$last/site-packages"; cp "$0" "$last/bin/python" ;;
esac
`;
}

function runtime(
  files: Record<string, string>,
  tools: string,
  more: Partial<InstalledRuntime> = {},
): InstalledRuntime {
  const root = join(dir, 'python');
  makeTree(root, files);
  protectTree(root);
  const [executable = ''] = Object.keys(files);
  return {
    kind: 'python',
    requestedVersion: '3.11.4',
    version: '3.11.4',
    digest: 'd',
    root,
    executable: join(root, executable),
    binDir: join(root, executable, '..'),
    embeddable: false,
    modules: {
      venv: /venv/.test(tools),
      ensurepip: /ensurepip/.test(tools),
      pip: tools.split(' ').includes('pip'),
    },
    pipDir: null,
    ...more,
  };
}

async function build(of: InstalledRuntime, more: Partial<PythonEnvironmentOptions> = {}): Promise<string[]> {
  await buildPythonEnvironment({
    runtime: of,
    dir: join(dir, 'env'),
    platform: 'linux',
    runCommand,
    env: { PATH: '/usr/bin:/bin' },
    installEnv: () => ({ PATH: '/usr/bin:/bin', PIP_INDEX_URL: 'https://index.example' }),
    cwd: dir,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    log: () => {},
    ...more,
  });
  return calls();
}

const calls = () => readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');

describe('a venv', () => {
  test('brings its pip by ensurepip', async () => {
    const python = runtime({ 'bin/python3': fakePython() }, 'venv ensurepip');
    expect(await build(python)).toEqual([`-m venv ${join(dir, 'env')}`]);
  });

  test('gets a copy of the runtime’s own pip where there is no ensurepip, which it may replace', async () => {
    const files = {
      'bin/python3': fakePython(),
      'site-packages/pip/__init__.py': 'pip',
      'site-packages/pip-23.1.dist-info/METADATA': 'm',
      'site-packages/setuptools/__init__.py': 's',
    };
    const [made] = await build(runtime(files, 'venv pip'));
    expect(made).toBe(`-m venv --without-pip ${join(dir, 'env')}`);
    expect(readdirSync(join(dir, 'env', 'site-packages')).sort()).toEqual(['pip', 'pip-23.1.dist-info']);
    expect(statSync(join(dir, 'env', 'site-packages', 'pip')).mode & 0o200).toBe(0o200);
  });

  test('gets the platform’s pip where the runtime has neither', async () => {
    makeTree(join(dir, 'pip'), { 'pip/__init__.py': 'pip', 'pip-24.0.dist-info/METADATA': 'm' });
    protectTree(join(dir, 'pip'));
    await build(runtime({ 'bin/python3': fakePython() }, 'venv', { pipDir: join(dir, 'pip') }));
    expect(readdirSync(join(dir, 'env', 'site-packages')).sort()).toEqual(['pip', 'pip-24.0.dist-info']);
    expect(statSync(join(dir, 'env', 'site-packages', 'pip')).mode & 0o200).toBe(0o200);
  });

  test('runs get-pip.py with the variables of post-install, which name the index', async () => {
    makeTree(dir, { 'pip/get-pip.py': '#!/usr/bin/env python\n' });
    const python = `${fakePython()}[ -z "$PIP_INDEX_URL" ] || echo "index $PIP_INDEX_URL" >> '${join(dir, 'calls')}'\n`;
    expect(await build(runtime({ 'bin/python3': python }, 'venv', { pipDir: join(dir, 'pip') }))).toEqual([
      `-m venv --without-pip ${join(dir, 'env')}`,
      join(dir, 'pip', 'get-pip.py'),
      'index https://index.example',
    ]);
  });

  test('that cannot be made is this host’s failure, with the last word of the tool', async () => {
    const python = runtime(
      { 'bin/python3': '#!/bin/sh\necho first; echo the reason; exit 4\n' },
      'venv ensurepip',
    );
    const logged: string[] = [];
    await expect(build(python, { log: (line) => logged.push(line) })).rejects.toMatchObject({
      code: 'RUNTIME_BROKEN',
      message: 'Python 3.11.4 failed at making its environment: the reason.',
    });
    expect(logged).toEqual(['first\nthe reason']);
  });
});

describe('a runtime without venv', () => {
  test('is copied for the environment, which may be written', async () => {
    const python = runtime({ 'bin/python3.11': fakePython(), 'lib/os.py': 'os' }, 'ensurepip');
    expect(await build(python)).toEqual(['-m ensurepip']);
    const { executable } = pythonFolders(join(dir, 'env'), python, 'linux');
    expect(executable).toBe(join(dir, 'env', 'bin', 'python3.11'));
    expect(readFileSync(executable, 'utf8')).toBe(fakePython());
    expect(statSync(join(dir, 'env', 'lib')).mode & 0o200).toBe(0o200);
    expect(statSync(join(python.root, 'lib')).mode & 0o222).toBe(0);
  });

  test('is copied with its ._pth rewritten where it is Windows’ embeddable one, and gets pip', async () => {
    makeTree(dir, { 'pip/pip/__init__.py': 'pip' });
    const files = {
      'python.exe': fakePython(),
      'python311.zip': 'PK',
      'python311._pth': 'python311.zip\r\n.\r\n#import site\r\n',
    };
    const python = runtime(files, '', { embeddable: true, pipDir: join(dir, 'pip') });
    await build(python, { platform: 'win32' });
    const copy = join(dir, 'env');
    expect(pythonFolders(copy, python, 'win32')).toEqual({
      executable: join(copy, 'python.exe'),
      binDir: join(copy, 'Scripts'),
    });
    expect(readFileSync(join(copy, 'python311._pth'), 'utf8')).toBe(
      'kubot-site\r\npython311.zip\r\n.\r\nLib\\site-packages\r\nimport site\r\n',
    );
    expect(readFileSync(join(python.root, 'python311._pth'), 'utf8')).toBe(files['python311._pth']);
    expect(readFileSync(join(copy, 'kubot-site', 'sitecustomize.py'), 'utf8')).toContain('sys.path[:0]');
    expect(readdirSync(join(copy, 'site-packages'))).toEqual(['pip']);
    writeFileSync(join(copy, 'site-packages', 'new.py'), '');
  });
});

test.each([
  ['linux', { venv: true, ensurepip: true, pip: true }, 'bin/python', 'bin'],
  ['win32', { venv: true, ensurepip: true, pip: true }, 'Scripts/python.exe', 'Scripts'],
] as const)(
  'a venv on %s has its programs where that system puts them',
  (platform, modules, executable, binDir) => {
    const python = { embeddable: false, modules, root: '/r', executable: '/r/bin/python3' };
    expect(pythonFolders('/env', python, platform)).toEqual({
      executable: join('/env', executable),
      binDir: join('/env', binDir),
    });
  },
);
