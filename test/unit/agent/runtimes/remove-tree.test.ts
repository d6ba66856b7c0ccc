import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { removeTree } from '../../../../src/agent/runtimes/remove-tree.ts';
import { makeTestDir, makeTree } from './make-tree.ts';

let dir: string;
beforeEach(() => {
  dir = makeTestDir();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('removing a tree', () => {
  test('takes read-only and closed folders with it', async () => {
    const tree = join(dir, 'tree');
    makeTree(tree, { 'a/b/file': 'x', 'closed/file': 'x', 'c/file': 'x' });
    chmodSync(join(tree, 'closed'), 0o000);
    for (const path of ['a/b', 'a', 'c', '']) chmodSync(join(tree, path), 0o555);
    await removeTree(tree);
    expect(existsSync(tree)).toBe(false);
  });

  test('is done where there is none', async () => {
    await removeTree(join(dir, 'nowhere'));
  });

  test('leaves what links lead to as it is, also one that is the tree itself', async () => {
    makeTree(dir, { 'outside/file': 'x' });
    chmodSync(join(dir, 'outside'), 0o555);
    mkdirSync(join(dir, 'tree'));
    symlinkSync(join(dir, 'outside'), join(dir, 'tree', 'link'));
    symlinkSync(join(dir, 'outside'), join(dir, 'link'));
    await removeTree(join(dir, 'tree'));
    await removeTree(join(dir, 'link'));
    expect(existsSync(join(dir, 'link'))).toBe(false);
    expect(existsSync(join(dir, 'outside', 'file'))).toBe(true);
    expect(statSync(join(dir, 'outside')).mode & 0o777).toBe(0o555);
    chmodSync(join(dir, 'outside'), 0o755);
  });
});
