import { describe, expect, test } from 'vitest';
import { checkTarEntry, type TarHeader } from '../../../../src/agent/runtimes/tar-rules.ts';

function judge(header: Partial<TarHeader>, platform: NodeJS.Platform = 'linux'): unknown {
  try {
    return checkTarEntry({ type: 'File', path: 'python/bin/python3', ...header }, platform);
  } catch (error) {
    return error instanceof Error && 'rule' in error ? error.rule : error;
  }
}

describe('an entry of a tar', () => {
  test('keeps of its mode only that it may be run', () => {
    expect(judge({ mode: 0o6755, size: 3 })).toEqual({
      kind: 'file',
      path: 'python/bin/python3',
      bytes: 3,
      executable: true,
    });
    expect(judge({ mode: 0o666, size: 3 })).toMatchObject({ executable: false });
  });

  test.each([
    ['./python/lib/', 'python/lib'],
    ['.//python/lib', 'python/lib'],
  ])('is named from the root: %s', (path, named) => {
    expect(judge({ type: 'Directory', path })).toEqual({ kind: 'folder', path: named });
  });

  test('is nothing when it is the root itself', () => {
    expect(judge({ type: 'Directory', path: './' })).toBeNull();
    expect(judge({ type: 'File', path: './' })).toBe('name-empty');
  });

  test.each([
    ['path-escape', '../evil'],
    ['path-escape', 'python/../../evil'],
    ['path-escape', 'python/..'],
    ['path-absolute', '/etc/cron.d/evil'],
    ['path-segment', 'python//evil'],
    ['path-segment', 'python/./evil'],
    ['name-backslash', 'python\\evil'],
    ['name-control', 'python/\u0007'],
    ['path-depth', `${'a/'.repeat(32)}a`],
    ['path-length', `${'a'.repeat(200)}/`.repeat(6)],
    ['path-length', `python/${'ñ'.repeat(128)}`],
  ])('is refused by the rule %s', (rule, path) => {
    expect(judge({ path })).toBe(rule);
  });

  test.each([
    ['name-stream', 'share/man/Foo::Bar.3'],
    ['name-character', 'share/what?'],
    ['name-trailing', 'lib/dot.'],
    ['name-reserved', 'lib/aux.py'],
  ])('with a name that only Windows forbids (%s) is refused there alone', (rule, path) => {
    expect(judge({ path, size: 1 })).toMatchObject({ kind: 'file', path });
    expect(judge({ path }, 'win32')).toBe(rule);
  });

  test('may have a longer path than a package, as official builds have', () => {
    expect(judge({ path: `${'a'.repeat(200)}/${'b'.repeat(200)}` })).toMatchObject({ kind: 'file' });
  });

  test.each(['CharacterDevice', 'BlockDevice', 'FIFO', 'SparseFile'])('of the type %s is refused', (type) => {
    expect(judge({ type })).toBe('type');
  });
});

describe('a symbolic link in a tar', () => {
  const link = (path: string, linkpath: string) => judge({ type: 'SymbolicLink', path, linkpath });

  test.each([
    ['python/bin/python', 'python3.11'],
    ['node/bin/npm', '../lib/node_modules/npm/bin/npm-cli.js'],
    ['python/lib/a', '..'],
    ['a/b', '.././c'],
  ])('may stay inside: %s -> %s', (path, target) => {
    expect(link(path, target)).toEqual({ kind: 'symlink', path, target });
  });

  test.each([
    ['python', '..'],
    ['python/evil', '../../etc/passwd'],
    ['python/evil', '/etc/passwd'],
    ['python/evil', 'C:\\Windows'],
    ['python/evil', 'C:/Windows'],
    ['python/evil', '..\\..\\evil'],
    ['python/evil', ''],
    // Inside by its letters, outside where `lib/up` is itself a link to the root.
    ['python/evil', 'lib/up/..'],
  ])('is refused when it may lead out: %s -> %s', (path, target) => {
    expect(link(path, target)).toBe('symlink');
  });
});

describe('a hard link in a tar', () => {
  const link = (linkpath: string) => judge({ type: 'Link', path: 'python/copy', linkpath });

  test('names a file from the root', () => {
    expect(link('./python/file')).toEqual({ kind: 'hardlink', path: 'python/copy', target: 'python/file' });
  });

  test.each([
    ['path-absolute', '/etc/shadow'],
    ['path-escape', '../file'],
    ['hardlink', ''],
  ])('is refused by the rule %s', (rule, target) => {
    expect(link(target)).toBe(rule);
  });
});
