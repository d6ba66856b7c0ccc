import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LEVELS, type LevelContext, LevelReader, levelOfText } from '../../../../src/agent/logs/level.ts';

function levels(stream: 'stdout' | 'stderr', text: string, context: LevelContext = 'none'): string {
  const reader = new LevelReader(stream, context);
  const bytes = Buffer.from(text);
  const found: string[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const length = Buffer.byteLength(line);
    found.push((LEVELS[reader.read(bytes, start, start + length)] ?? '?').charAt(0));
    start += length + 1;
  }
  return found.join('');
}

describe('a line that names its level', () => {
  test.each([
    ['INFO:root:started', 'INFO'],
    ['WARNING:root:careful', 'WARN'],
    ['ERROR:root:broken', 'ERROR'],
    ['CRITICAL:app:broken', 'ERROR'],
    ['DEBUG:app:details', 'INFO'],
    ['2026-01-01 12:00:00,000 ERROR broken', 'ERROR'],
    ['2026-01-01 12:00:00,000 - my.logger - INFO - fine', 'INFO'],
    ['2026-01-01T12:00:00.000Z WARN [main] careful', 'WARN'],
    ['12:00:00.000 [main] ERROR com.acme.App - broken', 'ERROR'],
    ['[2026-01-01 12:00:00] [ERROR] broken', 'ERROR'],
    ['[ERROR] broken', 'ERROR'],
    ['[main] [WARN] careful', 'WARN'],
    ['\u001b[31mERROR\u001b[0m broken', 'ERROR'],
    ['error: something failed', 'ERROR'],
    ['Warning: careful', 'WARN'],
    ['fatal: not a git repository', 'ERROR'],
    ['npm ERR! code E404', 'ERROR'],
    ['npm warn deprecated left-pad', 'WARN'],
    ['TypeError: x is not a function', 'ERROR'],
    ['Error [ERR_MODULE_NOT_FOUND]: Cannot find', 'ERROR'],
    ['requests.exceptions.HTTPError: 404', 'ERROR'],
    ['{"time":1,"level":"error","msg":"x"}', 'ERROR'],
    ['{"level":40,"time":1,"msg":"x"}', 'WARN'],
    ['time=12 level=warning msg="x"', 'WARN'],
  ])('%s is %s on both streams', (line, level) => {
    expect([levels('stdout', line), levels('stderr', line)]).toEqual([level.charAt(0), level.charAt(0)]);
  });
});

describe('a line that names none', () => {
  test.each([
    'plain words',
    'No ERROR was found in 12 files',
    'Information about WARNINGS',
    'Total: 12',
    '12 of 20 rows',
    '',
    'The files are in /tmp/INFO/x',
  ])('%s is INFO on stdout and WARN on stderr', (line) => {
    expect([levels('stdout', line), levels('stderr', line)]).toEqual(['I', 'W']);
  });
});

describe('lines that belong together', () => {
  test('a traceback is ERROR to the line that names the exception', () => {
    const text =
      'start\nTraceback (most recent call last):\n  File "a.py", line 1\n    x()\nValueError: no\nend';
    expect(levels('stdout', text)).toBe('IEEEEI');
  });

  test('so are chained ones', () => {
    const text =
      'Traceback (most recent call last):\n  x\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  y\nacme.Broken\nend';
    expect(levels('stdout', text)).toBe('EEEIEIEEEI');
  });

  test('a stack follows its error', () => {
    expect(levels('stdout', 'Error: no\n    at f (a.js:1)\n    at g (b.js:2)\nCaused by: y\nend')).toBe(
      'EEEEI',
    );
  });

  test('a line that goes on has the level of its beginning', () => {
    expect(levels('stdout', 'ERROR long\n…more\nplain\n…more')).toBe('EEII');
    expect(levels('stderr', 'plain\n…more')).toBe('WW');
    expect(levels('stdout', 'WARN long\n…more\nend')).toBe('WWI');
  });

  test('the context goes on from one block to the next', () => {
    expect(levels('stderr', '  File "a.py"\nValueError: x\nend', 'traceback')).toBe('EEW');
  });
});

test('what is told at sight is what the whole text says', () => {
  const words = [
    'INFO',
    'ERROR',
    'WARNING',
    'WARN',
    'DEBUG',
    'CRITICAL',
    'ERR!',
    'INFOS',
    'Error',
    'npm',
    'Trace',
  ];
  const signs = [' ', ' - ', '[', ']', '_', '1', 'é', 'x', '\u001b[31m', '\u001b[0m', '.', '{'];
  const rest = ['2026-01-01 12:00:00,000', 'my.module', 'level=warn', 'Traceback (most recent call last):'];
  const line = fc.array(fc.constantFrom(...words, ...signs, ...rest), { maxLength: 8 });
  fc.assert(
    fc.property(line, (parts) => {
      // As a log's bytes are read: one sign a byte.
      const text = Buffer.from(parts.join('')).subarray(0, 100).toString('latin1');
      const named = text.includes('Traceback (most recent call last)') ? 2 : levelOfText(text);
      const told = new LevelReader('stderr').read(Buffer.from(text, 'latin1'), 0, text.length);
      expect(told).toBe(named ?? LEVELS.indexOf('WARN'));
    }),
    { numRuns: 2000 },
  );
});
