import { describe, expect, test } from 'vitest';
import { shellCommand } from '../../../../src/agent/runs/shell-command.ts';

/** As a manifest writes it. */
const reference = (name: string) => `\${${name}}`;

describe('a command line of a manifest', () => {
  test('is left to /bin/sh as it is, with word splitting off', () => {
    const shell = `python run.py ${reference('OUT')} "${reference('OUT')}" $HOME`;
    expect(shellCommand(shell, { OUT: '/a b/$(x)' }, 'linux')).toEqual({
      file: '/bin/sh',
      args: ['-c', `IFS=\n${shell}`],
      warnings: [],
    });
  });

  test.each(['linux', 'win32'] as const)('warns once of each variable that is not set: %s', (platform) => {
    const shell = ['A', 'B', 'A', 'EMPTY'].map(reference).join(' ');
    expect(shellCommand(shell, { EMPTY: '' }, platform).warnings).toEqual([
      `${reference('A')} is not set; it is empty in the command.`,
      `${reference('B')} is not set; it is empty in the command.`,
    ]);
  });
});

describe('on Windows', () => {
  const lineOf = (shell: string, variables: Record<string, string> = {}) =>
    shellCommand(shell, variables, 'win32').args.at(-1);

  test('it is cmd.exe that runs, without anybody’s AutoRun', () => {
    expect(shellCommand('dir', { ComSpec: 'D:\\cmd.exe' }, 'win32')).toEqual({
      file: 'D:\\cmd.exe',
      args: ['/d', '/s', '/c', '"dir"'],
      warnings: [],
    });
    expect(shellCommand('dir', {}, 'win32').file).toBe('C:\\Windows\\System32\\cmd.exe');
  });

  test.each([
    ['a path with spaces', `py ${reference('V')} x`, 'C:\\a b\\c', '"py "C:\\a b\\c" x"'],
    [
      'signs that mean something',
      `py ${reference('V')}`,
      'a & b | c > d ^ (e)',
      '"py "a & b | c > d ^ (e)""',
    ],
    ['nothing', `py ${reference('V')} x`, '', '"py  x"'],
    ['a backslash at its end', `py ${reference('V')} x`, 'C:\\a\\', '"py "C:\\a\\\\" x"'],
    ['signs, inside the line’s own quotes', `py "${reference('V')}\\x"`, 'C:\\a & b', '"py "C:\\a & b\\x""'],
    ['signs, behind quotes that are closed', `py "a b" ${reference('V')}`, 'c & d', '"py "a b" "c & d""'],
  ])('a value of %s becomes one word', (_name, shell, value, line) => {
    expect(lineOf(shell, { V: value })).toBe(line);
  });

  test.each(['a"b', '%PATH%', '100 %', 'wow!', 'a\nb', 'a\rb'])('a value of %j is refused', (value) => {
    expect(() => lineOf(`py ${reference('V')}`, { V: value })).toThrow(
      expect.objectContaining({
        code: 'MANIFEST_INVALID',
        message: expect.stringContaining(reference('V')),
        hint: expect.stringContaining('Read the variable in the robot'),
      }),
    );
    expect(lineOf('py x', { V: value })).toBe('"py x"');
  });
});
