import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Arena, LIMITS } from '../../../fuzz/arena.ts';
import { ESCAPE } from '../../../fuzz/names.ts';

const ALLOWED = { codes: ['PACKAGE_REFUSED'], links: false };
const REFUSED = { kind: 'refused', code: 'PACKAGE_REFUSED' } as const;
const UNPACKED = { kind: 'unpacked' } as const;

let root: string;
let arena: Arena;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kubot-arena-'));
  arena = new Arena(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function unpack(): string {
  mkdirSync(arena.targetDir);
  writeFileSync(join(arena.targetDir, 'main.py'), 'x', { mode: 0o644 });
  return arena.targetDir;
}

describe('the judge of the fuzzer', () => {
  test('has nothing against a whole package, nor against a refusal that left nothing', () => {
    unpack();
    expect(arena.judge(UNPACKED, ALLOWED)).toBeNull();
    expect(arena.judge(REFUSED, ALLOWED)).toBeNull();
  });

  test.each<[string, () => void]>([
    ['a file above', () => writeFileSync(join(arena.dir, 'new'), '')],
    [
      'a changed neighbour',
      () => writeFileSync(join(dirname(arena.targetDir), 'neighbour', 'file.txt'), 'X'),
    ],
    ['a changed mode', () => chmodSync(join(arena.dir, 'outside.txt'), 0o600)],
    ['a partial folder', () => mkdirSync(join(dirname(arena.targetDir), '.package.partial-1'))],
    ['an escape to the root', () => writeFileSync(join(root, ESCAPE), '')],
    ['a target', () => void unpack()],
  ])('sees %s after a refusal', (_what, leave) => {
    leave();
    expect(arena.judge(REFUSED, ALLOWED)).not.toBeNull();
  });

  test.each<[string, RegExp, (dir: string) => void]>([
    ['a link', /is a symbolic link/, (dir) => symlinkSync('main.py', join(dir, 'l'))],
    ['a hard link', /is a hard link/, (dir) => linkSync(join(dir, 'main.py'), join(dir, 'l'))],
    ['a setuid bit', /has the mode/, (dir) => chmodSync(join(dir, 'main.py'), 0o4755)],
    [
      'too much',
      /bytes were unpacked/,
      (dir) => writeFileSync(join(dir, 'b'), Buffer.alloc(LIMITS.maxTotalBytes)),
    ],
    [
      'too many files',
      /files or folders were unpacked/,
      (dir) => {
        for (let at = 0; at < LIMITS.maxEntries; at++) writeFileSync(join(dir, `f${at}`), '');
      },
    ],
  ])('sees %s in a package', (_what, problem, leave) => {
    leave(unpack());
    expect(arena.judge(UNPACKED, ALLOWED)).toMatch(problem);
  });

  test('sees where a link of a runtime leads', () => {
    const links = { ...ALLOWED, links: true };
    symlinkSync('main.py', join(unpack(), 'inside'));
    expect(arena.judge(UNPACKED, links)).toBeNull();
    symlinkSync('../neighbour/file.txt', join(unpack(), 'out'));
    expect(arena.judge(UNPACKED, links)).toBe('out -> ../neighbour/file.txt leads out');
    symlinkSync(join(unpack(), 'main.py'), join(arena.targetDir, 'absolute'));
    expect(arena.judge(UNPACKED, links)).toMatch(/is absolute$/);
  });

  test('knows a crash, and a refusal by a code that blames somebody else', () => {
    expect(arena.judge({ kind: 'broken', error: 'it hung' }, ALLOWED)).toBe('it hung');
    expect(arena.judge({ kind: 'refused', code: 'HOST_DISK' }, ALLOWED)).toBe('it was refused as HOST_DISK');
  });
});
