import { describe, expect, test } from 'vitest';
import { isPrivate } from '../../../src/agent/config/client-secret.ts';
import { nearestWord } from '../../../src/agent/config/nearest-word.ts';
import { parseSettingText, SettingTextError } from '../../../src/shared/parse-setting.ts';

describe('text as a value', () => {
  test.each([
    ['duration', '250', 250],
    ['duration', '250ms', 250],
    ['duration', '3s', 3000],
    ['duration', '1.5h', 5_400_000],
    ['duration', '30m', 1_800_000],
    ['duration', '14d', 1_209_600_000],
    ['size', '2048', 2048],
    ['size', '512MB', 536_870_912],
    ['size', '1.5gb', 1_610_612_736],
    ['boolean', 'yes', true],
    ['boolean', 'OFF', false],
    ['list', 'A, B,,C', ['A', 'B', 'C']],
    ['list', '["A,B"]', ['A,B']],
    ['json', '{"a":1}', { a: 1 }],
    ['text', ' as it is ', ' as it is '],
  ] as const)('a %s of %j is %j', (kind, text, value) => {
    expect(parseSettingText(kind, text)).toEqual(value);
  });

  test.each([
    ['duration', '3 weeks'],
    ['duration', '-1s'],
    ['duration', ''],
    ['size', '12 apples'],
    ['boolean', 'maybe'],
    ['integer', '1.5'],
    ['integer', '0x10'],
    ['json', '{'],
    ['list', '["A"'],
  ] as const)('a %s of %j is refused', (kind, text) => {
    expect(() => parseSettingText(kind, text)).toThrow(SettingTextError);
  });
});

describe('the nearest word', () => {
  test.each([
    ['maxConcurentRuns', 'maxConcurrentRuns'],
    ['sandbx', 'sandbox'],
    ['robots.A.sandbx', 'sandbox'],
    ['colour', null],
  ])('of %s is %s', (typed, nearest) => {
    expect(nearestWord(typed, ['maxConcurrentRuns', 'sandbox', 'routes'])).toBe(nearest);
  });
});

describe('the mode of a file that holds a secret', () => {
  test.each([
    [0o100600, false, true],
    [0o100400, false, true],
    [0o100440, false, false],
    [0o100604, false, false],
    [0o100440, true, true],
    [0o100444, true, false],
  ])('%o, as a credential of a service %s: private %s', (mode, isCredential, expected) => {
    expect(isPrivate(mode, isCredential)).toBe(expected);
  });
});
