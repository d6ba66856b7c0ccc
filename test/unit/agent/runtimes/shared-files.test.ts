import {
  chmodSync,
  linkSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { removeTree } from '../../../../src/agent/runtimes/remove-tree.ts';
import {
  protectTree,
  readStamps,
  SharedFiles,
  writeStamps,
} from '../../../../src/agent/runtimes/shared-files.ts';
import { makeTestDir, makeTree } from './make-tree.ts';

let dir: string;
let tree: string;
beforeEach(() => {
  dir = makeTestDir();
  tree = join(dir, 'tree');
  makeTree(tree, { 'lib/a.py': 'a', 'lib/b #1%20.py': 'b', 'bin/tool': '#!/bin/sh\n' });
  // Whole seconds can be put back exactly.
  for (const path of ['lib/a.py', 'lib/b #1%20.py', 'bin/tool']) utimesSync(join(tree, path), 1000, 1000);
});
afterEach(() => removeTree(dir));

/** Leaves a file its time, so that only its size tells. */
function writeUnseen(path: string, content: string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, content);
  utimesSync(path, atime, mtime);
}

describe('a shared tree', () => {
  test('may be read and run, and not written', () => {
    protectTree(tree);
    const modes = ['', 'lib', 'lib/a.py', 'bin/tool'].map((path) => statSync(join(tree, path)).mode & 0o777);
    expect(modes).toEqual([0o555, 0o555, 0o444, 0o555]);
  });

  test('leaves alone what its links lead to', () => {
    makeTree(dir, { 'outside/file': 'x' });
    symlinkSync(join(dir, 'outside'), join(tree, 'out'));
    const stamps = protectTree(tree);
    expect(statSync(join(dir, 'outside')).mode & 0o200).toBe(0o200);
    expect(stamps.map(({ path }) => path)).not.toContain(join(dir, 'outside', 'file'));
  });

  test('is untouched after its stamps went through a file', () => {
    const stamps = protectTree(tree);
    writeStamps(join(dir, 'stamps.txt'), stamps);
    expect(readStamps(join(dir, 'stamps.txt'))).toEqual(stamps);
    expect(new SharedFiles(readStamps(join(dir, 'stamps.txt'))).findTouched()).toBeUndefined();
  });

  test.each([
    [
      'a file that was written with its time put back',
      'lib/a.py',
      (path: string) => writeUnseen(path, 'longer'),
    ],
    ['a file of the same size', 'lib/a.py', (path: string) => utimesSync(path, 1, 1)],
    ['a file that is gone', 'lib', (path: string) => rmSync(join(path, 'a.py'))],
    ['a new file', 'lib', (path: string) => writeFileSync(join(path, 'new.py'), '')],
    ['a new folder', '', (path: string) => mkdirSync(join(path, 'new'))],
    ['another hard link', 'bin', (path: string) => linkSync(join(path, 'tool'), join(path, 'twin'))],
  ])('is touched by %s', (_what, touched, touch) => {
    const files = new SharedFiles(protectTree(tree));
    makeWritableFor(join(tree, touched), touch);
    expect(files.findTouched()).toBe(join(tree, touched));
    expect(files.findTouched()).toBe(join(tree, touched));
  });

  test('is looked at part by part when it is large, and a find is not forgotten', () => {
    const [good, ...others] = protectTree(tree).filter(({ bytes }) => bytes >= 0);
    const touched = others.at(-1);
    if (!good || !touched) throw new Error('the tree has files');
    const files = new SharedFiles([...Array.from({ length: 6000 }, () => good), touched]);
    makeWritableFor(touched.path, (path) => writeUnseen(path, 'longer'));
    const found = Array.from({ length: 4 }, () => files.findTouched());
    expect(found).toEqual([undefined, undefined, touched.path, touched.path]);
  });

  test('can be removed', async () => {
    protectTree(tree);
    await removeTree(tree);
    expect(statSync(tree, { throwIfNoEntry: false })).toBeUndefined();
  });
});

/** Touches what is read-only, for those whom modes bind. */
function makeWritableFor(path: string, touch: (path: string) => void): void {
  const { mode } = statSync(path);
  chmodSync(path, mode | 0o200);
  touch(path);
  chmodSync(path, mode);
}
