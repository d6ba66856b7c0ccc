import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLayout, type RuntimeKind } from '../../../../src/agent/runtimes/runtime-layout.ts';
import { makeTestDir, makeTree } from './make-tree.ts';

let root: string;
beforeEach(() => {
  root = makeTestDir();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the programs of a runtime', () => {
  test.each([
    ['python-build-standalone', 'python', 'linux', ['bin/python3', 'bin/python3.11'], 'bin/python3'],
    ['Python with a versioned name alone', 'python', 'darwin', ['bin/python3.11'], 'bin/python3.11'],
    ['Python for Windows', 'python', 'win32', ['python.exe', 'Lib/venv/__init__.py'], 'python.exe'],
    ['Node.js', 'nodejs', 'linux', ['bin/node', 'bin/npm'], 'bin/node'],
    ['Node.js for Windows', 'nodejs', 'win32', ['node.exe', 'npm.cmd'], 'node.exe'],
  ] as [string, RuntimeKind, NodeJS.Platform, string[], string][])(
    'are found in %s',
    (_what, kind, platform, files, executable) => {
      makeTree(root, Object.fromEntries(files.map((file) => [file, ''])));
      expect(findLayout(kind, root, platform)).toEqual({
        executable: join(root, executable),
        binDir: join(root, executable, '..'),
        embeddable: false,
      });
    },
  );

  test('are those of an embeddable Python where a ._pth isolates it', () => {
    makeTree(root, { 'python.exe': '', 'python311.zip': '', 'python311._pth': '' });
    expect(findLayout('python', root, 'win32')).toMatchObject({ embeddable: true });
  });

  test.each([
    ['python', 'linux', 'bin/node'],
    ['nodejs', 'linux', 'bin/python3'],
    ['python', 'win32', 'bin/python3'],
    ['nodejs', 'linux', 'node.exe'],
  ] as const)('are not there when %s for %s holds only %s', (kind, platform, file) => {
    makeTree(root, { [file]: '' });
    expect(findLayout(kind, root, platform)).toBeUndefined();
  });
});
