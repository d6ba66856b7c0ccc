import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type NodeTargets, shimsOf, shimText, writeShims } from '../../../../src/agent/runtimes/shims.ts';
import { makeTestDir, makeTree, run } from './make-tree.ts';

const COMMANDS = ['node', 'npm', 'npx', 'pip', 'pip3', 'python', 'python3'];

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
beforeEach(() => {
  dir = makeTestDir();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Programs that print what they were called with, an argument a line. */
function targets(): { python: string; nodejs: NodeTargets } {
  makeTree(dir, {
    "it's/python": '#!/bin/sh\nprintf "%s\\n" python "$@"\n',
    "it's/node": '#!/bin/sh\nprintf "%s\\n" node "$@"\nexit 3\n',
  });
  const root = join(dir, "it's");
  return {
    python: join(root, 'python'),
    nodejs: { node: join(root, 'node'), npm: '/npm-cli.js', npx: '/npx-cli.js', npmrc: join(root, 'npmrc') },
  };
}

async function call(command: string, ...args: string[]) {
  return await run('/bin/sh', ['-c', '"$@"', 'sh', command, ...args], {
    env: { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` },
  });
}

describe('shims', () => {
  test('are there for seven commands and may be run by anybody', async () => {
    await writeShims(join(dir, 'bin'), {}, 'linux');
    expect(readdirSync(join(dir, 'bin')).sort()).toEqual(COMMANDS);
    for (const command of COMMANDS) expect(statSync(join(dir, 'bin', command)).mode & 0o777).toBe(0o755);
  });

  test('call the environment’s own programs with every argument whole', async () => {
    await writeShims(join(dir, 'bin'), targets(), 'linux');
    const args = ['a b', "it's", '$HOME', '*', ''];
    for (const [command, first] of [
      ['python', ['python']],
      ['python3', ['python']],
      ['pip', ['python', '-m', 'pip']],
      ['pip3', ['python', '-m', 'pip']],
    ] as const) {
      expect(await call(command, ...args)).toEqual({
        exitCode: 0,
        stdout: `${[...first, ...args].join('\n')}\n`,
        stderr: '',
      });
    }
    const globalConfig = `--globalconfig=${join(dir, "it's", 'npmrc')}`;
    for (const [command, first] of [
      ['node', ['node']],
      ['npm', ['node', '/npm-cli.js', globalConfig]],
      ['npx', ['node', '/npx-cli.js', globalConfig]],
    ] as const) {
      expect(await call(command, ...args)).toEqual({
        exitCode: 3,
        stdout: `${[...first, ...args].join('\n')}\n`,
        stderr: '',
      });
    }
  });

  test.each([
    ['python', 'python'],
    ['python3', 'python'],
    ['pip', 'python'],
    ['pip3', 'python'],
    ['node', 'nodejs'],
    ['npm', 'nodejs'],
    ['npx', 'nodejs'],
  ])('fail and say why where the manifest names no such tool: %s', async (command, tool) => {
    await writeShims(join(dir, 'bin'), {}, 'linux');
    expect(await call(command, '--version')).toEqual({
      exitCode: 127,
      stdout: '',
      stderr: `kubot.yaml names no ${tool} under tools\n`,
    });
  });

  test('fail and say why where the Node.js brings no npm', async () => {
    const { nodejs } = targets();
    await writeShims(join(dir, 'bin'), { nodejs: { ...nodejs, npm: null, npx: null } }, 'linux');
    expect(await call('npm')).toMatchObject({ exitCode: 127, stderr: 'this Node.js brings no npm\n' });
    expect(await call('npx')).toMatchObject({ exitCode: 127, stderr: 'this Node.js brings no npm\n' });
  });

  test('are batch files on Windows, with percent signs doubled', async () => {
    const python = 'C:\\Users\\100% é\\python.exe';
    await writeShims(join(dir, 'bin'), { python }, 'win32');
    expect(readdirSync(join(dir, 'bin')).sort()).toEqual(COMMANDS.map((command) => `${command}.cmd`));
    expect(readFileSync(join(dir, 'bin', 'pip.cmd'), 'utf8')).toBe(
      '@"C:\\Users\\100%% é\\python.exe" "-m" "pip" %*\r\n',
    );
    const { node } = shimsOf({ python });
    expect(node && shimText(node, 'win32')).toBe(
      '@echo kubot.yaml names no nodejs under tools 1>&2\r\n@exit /b 127\r\n',
    );
  });
});
