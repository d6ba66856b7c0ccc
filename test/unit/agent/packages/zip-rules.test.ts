import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkEntries,
  leadsOut,
  problemOfName,
  type ZipEntry,
} from '../../../../src/agent/packages/zip-rules.ts';
import { toAgentError } from '../../../../src/shared/errors.ts';
import { PACKAGE_LIMITS } from '../../../helpers/make-zip.ts';

describe('a name in an archive', () => {
  test.each([
    ['..', 'path-escape'],
    ['../evil.txt', 'path-escape'],
    ['a/../../evil.txt', 'path-escape'],
    ['a/..', 'path-escape'],
    ['/etc/passwd', 'path-absolute'],
    ['//server/share', 'path-absolute'],
    ['..\\evil.txt', 'name-backslash'],
    ['C:\\Windows\\evil.dll', 'name-backslash'],
    ['\\\\server\\share', 'name-backslash'],
    ['C:/Windows/evil.dll', 'name-stream'],
    ['C:evil.txt', 'name-stream'],
    ['robot.py:hidden', 'name-stream'],
    ['robot.py::$DATA', 'name-stream'],
    ['', 'name-empty'],
    ['.', 'path-segment'],
    ['./robot.py', 'path-segment'],
    ['a/./b', 'path-segment'],
    ['a//b', 'path-segment'],
    ['a/', 'path-segment'],
    ['con', 'name-reserved'],
    ['lib/NUL.txt', 'name-reserved'],
    ['aux.tar.gz', 'name-reserved'],
    ['PRN', 'name-reserved'],
    ['com1.log/robot.py', 'name-reserved'],
    ['COM²', 'name-reserved'],
    ['lpt9', 'name-reserved'],
    ['CONIN$', 'name-reserved'],
    ['nul .txt', 'name-reserved'],
    ['robot.py.', 'name-trailing'],
    ['robot.py ', 'name-trailing'],
    ['lib./robot.py', 'name-trailing'],
    ['...', 'name-trailing'],
    [' ', 'name-trailing'],
    ['what?.txt', 'name-character'],
    ['a|b', 'name-character'],
    ['<a>', 'name-character'],
    ['"a"', 'name-character'],
    ['*', 'name-character'],
    ['a\0.txt', 'name-control'],
    ['a\nb', 'name-control'],
    ['a\u007fb', 'name-control'],
    ['a\u0085b', 'name-control'],
    ['a\ud800b', 'name-encoding'],
    ['a'.repeat(241), 'path-length'],
    ['é'.repeat(121), 'path-length'],
    [`${'d/'.repeat(32)}f`, 'path-depth'],
  ])('is refused: %j by the rule %s', (name, rule) => {
    expect(problemOfName(name)?.rule).toBe(rule);
  });

  test.each([
    ['robot.py'],
    ['.env'],
    ['..hidden'],
    ['a..b/c'],
    ['nulls.txt'],
    ['console.py'],
    ['com10'],
    ['conin'],
    ['__proto__'],
    ['constructor/prototype'],
    ['with space/ñandú/日本語.txt'],
    ['😀.txt'],
    ['$HOME/`id`; rm -rf ~'],
    ['a'.repeat(240)],
    [`${'d/'.repeat(31)}f`],
  ])('is let through: %j', (name) => {
    expect(problemOfName(name)).toBeNull();
  });

  test('that is let through stays below the folder on every system, in as many steps as it has parts', () => {
    fc.assert(
      fc.property(awkwardPath(), (path) => {
        if (problemOfName(path) !== null) return;
        const parts = path.split('/');
        expect(posix.relative('/root', posix.resolve('/root', path)).split('/')).toEqual(parts);
        const inWindows = win32.relative('C:\\root', win32.resolve('C:\\root', path.replaceAll('/', '\\')));
        expect(inWindows.split('\\')).toEqual(parts);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  test('of letters, digits, dashes and dots between them is always let through', () => {
    const part = fc.stringMatching(/^[b-z][a-z0-9]{5,9}(-[a-z0-9]{1,3})?(\.[a-z0-9]{1,4})?$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        expect(problemOfName(parts.join('/'))).toBeNull();
      }),
    );
  });
});

describe('two names in an archive', () => {
  test.each([
    ['the same name twice', ['robot.py', 'robot.py'], 'robot.py', 'twin'],
    ['names that differ in case only', ['Robot.py', 'robot.PY'], 'robot.PY', 'twin'],
    ['names that differ in Unicode form only', ['ma\u00f1ana', 'man\u0303ana'], 'man\u0303ana', 'twin'],
    ['a ligature and its letters', ['\ufb01le', 'file'], 'file', 'twin'],
    ['a sharp s and its capitals', ['stra\u00dfe', 'STRASSE'], 'STRASSE', 'twin'],
    ['the sign of kelvin and a k', ['\u212aey', 'key'], 'key', 'twin'],
    ['names that differ in an invisible character', ['robot.py', 'ro\u200dbot.py'], 'ro\u200dbot.py', 'twin'],
    ['folders that differ in case only', ['Lib/a', 'lib/b'], 'lib/b', 'twin'],
    ['folder entries that differ in case only', ['Lib/', 'lib/'], 'lib', 'twin'],
    ['folders that differ deep within', ['a/B/c', 'a/b/d'], 'a/b/d', 'twin'],
    ['a file that is a folder too', ['lib', 'lib/a'], 'lib', 'file-as-folder'],
    ['a folder that is a file too', ['lib/a', 'lib'], 'lib', 'file-as-folder'],
    ['a file and a folder of another case', ['LIB', 'lib/a'], 'LIB', 'file-as-folder'],
    ['a file and an empty folder', ['lib', 'lib/'], 'lib', 'twin'],
  ])('are refused: %s', (_what, names, entry, rule) => {
    expect(judge(names.map((name) => entryOf(name)))).toEqual({ entry, rule });
  });

  test.each([
    ['a folder, and what is in it', ['lib/', 'lib/a', 'lib/b/', 'lib/b/c']],
    ['what is in a folder, and then the folder', ['lib/a', 'lib/']],
    ['one name in two folders', ['a/robot.py', 'b/robot.py']],
    ['names that begin alike', ['lib', 'lib.py', 'library/a']],
  ])('are let through: %s', (_what, names) => {
    expect(judge(names.map((name) => entryOf(name)))).toBeNull();
  });

  test('are twins for every character whose case or form changes it', () => {
    const missed: string[] = [];
    for (let code = 0x80; code <= 0xffff; code++) {
      if (/\p{Script=Hangul}/u.test(String.fromCharCode(code))) continue; // 11,000 that all go the same way
      const path = `a${String.fromCharCode(code)}b`;
      const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => path.normalize(form));
      for (const other of new Set([path.toUpperCase(), path.toLowerCase(), ...forms])) {
        if (other === path || (problemOfName(path) ?? problemOfName(other))) continue;
        if (judge([entryOf(path), entryOf(other)])?.rule !== 'twin') missed.push(`${path} ${other}`);
      }
    }
    expect(missed).toEqual([]);
  }, 30_000);
});

describe('a symbolic link', () => {
  test.each([
    ['bin/python', 'python3', false],
    ['bin/python', '../lib/python', false],
    ['bin/python', './python3', false],
    ['python', 'bin/python', false],
    ['python', '../bin/python', true],
    ['bin/python', '../../bin/python', true],
    ['bin/python', '/usr/bin/python', true],
    ['b', 'a/up/..', true],
    ['bin/python', '', true],
    ['bin/python', 'C:\\python.exe', true],
    ['bin/python', 'C:python.exe', true],
    ['bin/python', 'a\0b', true],
    ['bin/python', 'a/'.repeat(600), true],
  ])('%s -> %j leads out: %s', (path, target, out) => {
    expect(leadsOut(path, target)).toBe(out);
  });
});

/** The refusal's entry and rule; null: let through. */
function judge(entries: ZipEntry[]): { entry: unknown; rule: unknown } | null {
  let at = 0;
  const placed = entries.map((entry) => {
    const localHeaderOffset = at;
    at += 30 + entry.nameBytes.length + entry.compressedBytes;
    return { ...entry, localHeaderOffset };
  });
  try {
    checkEntries({ entries: placed, startsAt: at }, PACKAGE_LIMITS, {
      symlinks: 'refuse',
      refusal: { code: 'PACKAGE_REFUSED', what: 'The package of INVOICES' },
    });
    return null;
  } catch (error) {
    const { details } = toAgentError(error);
    return { entry: details?.entry, rule: details?.rule };
  }
}

function entryOf(name: string): ZipEntry {
  return {
    nameBytes: Buffer.from(name),
    utf8: true,
    encrypted: false,
    method: 0,
    flags: 0x800,
    crc32: 0,
    compressedBytes: 0,
    bytes: 0,
    localHeaderOffset: 0,
    mode: 0,
  };
}

/** Paths of parts that file systems trip over, and of anything else. */
function awkwardPath(): fc.Arbitrary<string> {
  const part = fc.oneof(
    fc.constantFrom(
      '.',
      '..',
      '',
      'a',
      'NUL',
      'nul.txt',
      'C:',
      'a:b',
      'a.',
      'a ',
      '\\',
      '..\\..',
      '~',
      'É',
      'é',
      'ß',
    ),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  return fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
}
