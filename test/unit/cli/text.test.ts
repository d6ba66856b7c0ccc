import { describe, expect, test } from 'vitest';
import { parseVariables } from '../../../src/cli/commands/start.ts';
import { callersFolder } from '../../../src/cli/environment.ts';
import { createSignalCounter } from '../../../src/cli/stop-signals.ts';
import { table } from '../../../src/cli/table.ts';
import { duration, localTime, printable } from '../../../src/cli/text.ts';
import { bytes } from '../../../src/shared/byte-text.ts';

describe('text of robots', () => {
  test.each([
    ['plain ñandú ✓\tas it is', 'plain ñandú ✓\tas it is'],
    ['\u001b[2J\u001b]0;title\u0007', '\\x1b[2J\\x1b]0;title\\x07'],
    ['a\rb\nc\u0000d\u007fe\u009bf', 'a\\x0db\\x0ac\\x00d\\x7fe\\x9bf'],
    ['invoice\u202efdp.exe\u2066x\u2028y', 'invoice\\u202efdp.exe\\u2066x\\u2028y'],
  ])('%j is shown as %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

describe('a duration and a size', () => {
  test.each([
    [null, '–'],
    [840, '840 ms'],
    [12_345, '12.3 s'],
    [59_960, '1 min 00 s'],
    [245_000, '4 min 05 s'],
    [7_800_000, '2 h 10 min'],
  ])('%s is %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  test.each([
    [0, '0 B'],
    [812, '812 B'],
    [1536, '1.5 KB'],
    [50_000_000, '47.7 MB'],
  ])('%s is %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });
});

describe('a time', () => {
  const now = new Date(2026, 0, 2, 15, 0, 0);

  test('is the clock of this place today, and has its date on other days', () => {
    expect(localTime(new Date(2026, 0, 2, 9, 5, 7).toISOString(), now)).toBe('09:05:07');
    expect(localTime(new Date(2026, 0, 1, 9, 5, 7).toISOString(), now)).toBe('2026-01-01 09:05:07');
    expect(localTime(null, now)).toBe('–');
    expect(localTime('\u001bsoon', now)).toBe('\\x1bsoon');
  });
});

describe('a table', () => {
  test('has columns as wide as they need to be, numbers at the right, and nothing unsafe', () => {
    const rows = [
      { name: 'ñandú', size: 7 },
      { name: 'a\u001b[1mlong name', size: 1234 },
    ];
    expect(
      table(rows, [
        { title: 'NAME', cell: (row) => row.name, maxWidth: 12 },
        { title: 'SIZE', cell: (row) => String(row.size), isNumber: true },
      ]),
    ).toEqual(['NAME          SIZE', 'ñandú            7', 'a\\x1b[1mlon…  1234']);
  });
});

describe('signals', () => {
  test('the same one within half a second counts once, another one counts', () => {
    let now = 0;
    const counter = createSignalCounter(() => now);
    const at = (time: number, signal: string) => {
      now = time;
      return counter(signal);
    };
    expect([
      at(0, 'SIGINT'),
      at(499, 'SIGINT'),
      at(600, 'SIGTERM'),
      at(700, 'SIGTERM'),
      at(1300, 'SIGINT'),
    ]).toEqual([1, null, 2, null, 3]);
  });
});

describe('--env', () => {
  test('takes a value as it is, and the caller’s own where there is none', () => {
    expect(parseVariables(['A=1', 'B=x=y', 'C=', 'TOKEN'], { TOKEN: 's3cret' })).toEqual({
      A: '1',
      B: 'x=y',
      C: '',
      TOKEN: 's3cret',
    });
  });

  test.each(['=1', '1A=2', 'A B=1', 'MISSING'])('refuses %s', (text) => {
    expect(() => parseVariables([text], {})).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('the folder that relative paths start from', () => {
  test.each([
    [{}, '/work', '/work'],
    [
      { INIT_CWD: '/caller', npm_package_name: 'kubot-runner', npm_lifecycle_event: 'kubot' },
      '/work',
      '/caller',
    ],
    [{ INIT_CWD: '/caller', npm_package_name: 'other', npm_lifecycle_event: 'x' }, '/work', '/work'],
  ])('with %j in %s is %s', (environment, cwd, folder) => {
    expect(callersFolder(environment, cwd)).toBe(folder);
  });
});
