import { describe, expect, test } from 'vitest';
import { medianOf } from '../../../src/renderer/parts/duration-bars.tsx';
import { hrefOf, parseRoute } from '../../../src/renderer/route.ts';
import { listChecks } from '../../../src/renderer/views/health/list-checks.ts';
import { parseVariables } from '../../../src/renderer/views/robots/parse-variables.ts';
import { matchesRun, type RunFilter } from '../../../src/renderer/views/runs/match-run.ts';
import { shownValue, writtenValue } from '../../../src/renderer/views/settings/setting-text.ts';
import { parseSettingText } from '../../../src/shared/parse-setting.ts';
import { type SettingKey, SettingsSchema, settingMeta } from '../../../src/shared/settings.ts';
import type { Status } from '../../../src/shared/status.ts';
import { en } from '../../../src/shared/words/en.ts';
import { createFormat } from '../../../src/shared/words/format.ts';
import { aRun } from '../../helpers/a-run.ts';
import { aStatus } from '../../helpers/a-status.ts';

const format = createFormat('en-US');

describe('an address within the window', () => {
  test.each(['#/now', '#/runs', '#/runs/0199-x', '#/robots', '#/settings', '#/health'])(
    '%s is kept',
    (hash) => {
      expect(hrefOf(parseRoute(hash))).toBe(hash);
    },
  );

  test.each(['', '#', '#/nothing', '#ticket=x'])('"%s" is Now', (hash) => {
    expect(parseRoute(hash)).toEqual({ view: 'now' });
  });
});

describe('the list of runs', () => {
  const failed = aRun({ state: 'ended', outcome: 'failed' });
  const cancelled = aRun({ state: 'ended', outcome: 'cancelled' });
  test.each<[string, RunFilter, string, boolean[]]>([
    ['all', 'all', '', [true, true, true]],
    ['what lives', 'live', '', [true, false, false]],
    ['what failed, not what somebody cancelled', 'failed', '', [false, true, false]],
    ['a robot by a part of its code', 'all', ' voic ', [true, true, true]],
    ['what is not there', 'all', 'payroll', [false, false, false]],
  ])('shows %s', (_name, filter, search, expected) => {
    expect([aRun(), failed, cancelled].map((run) => matchesRun(run, filter, search))).toEqual(expected);
  });
});

describe('variables', () => {
  test('are read line by line, the value as it is', () => {
    expect(parseVariables('A=1\n\n  B_2= x=y \n')).toEqual({
      variables: { A: '1', B_2: ' x=y ' },
      badLine: null,
    });
  });

  test.each(['A', '1=x', 'A-B=x', '=x'])('are not "%s"', (line) => {
    expect(parseVariables(`OK=1\n${line}`)).toMatchObject({ badLine: line });
  });
});

describe('a setting', () => {
  test.each(Object.keys(SettingsSchema.shape) as SettingKey[])(
    '%s is written so that it is read back',
    (key) => {
      const { kind } = settingMeta(key);
      const value = SettingsSchema.parse({})[key];
      if (value === null || value === '') return;
      expect(parseSettingText(kind, writtenValue(value, kind))).toEqual(value);
    },
  );

  test.each([
    [null, 'text', 'none'],
    [[], 'list', 'none'],
    [['A', 'B'], 'list', 'A, B'],
    [true, 'boolean', 'On'],
    [86_400_000, 'duration', '1d'],
    [2048, 'size', '2 kB'],
    [{}, 'json', 'none'],
    [{ a: 1 }, 'json', '{"a":1}'],
    ['keep', 'choice', 'keep'],
  ] as const)('%j, a %s, is shown as %s', (value, kind, text) => {
    expect(shownValue(value, kind, en, format)).toBe(text);
  });
});

describe('health', () => {
  const now = Date.parse('2026-01-02T03:05:05.000Z');
  const stateOf = (over: Partial<Status>) =>
    listChecks(aStatus(over), en, format, now)
      .filter(({ state }) => state !== 'good')
      .map(({ id, state, message }) => `${id} ${state}: ${message}`);

  test('of a host that is well has nothing to say', () => {
    expect(stateOf({})).toEqual([]);
  });

  const { connection } = aStatus();
  const lastError = { code: 'OFFLINE', message: 'It cannot be reached.' };
  test.each<[string, Partial<Status>, string[]]>([
    [
      'no platform',
      { connection: { ...connection, state: 'offline', lastError } },
      ['connection bad: It cannot be reached.'],
    ],
    [
      'a clock that is wrong',
      { connection: { ...connection, clockSkewMs: -184_000 } },
      ['clock bad: It is off by 3m 4s.'],
    ],
    [
      'a refused registration',
      {
        worker: null,
        workerError: { code: 'FORBIDDEN', message: 'Not allowed.', since: '2026-01-02T03:04:05.000Z' },
      },
      ['worker bad: Not allowed.'],
    ],
    ['no registration', { worker: null }, ['worker unsure: This machine is not registered as a worker yet.']],
    [
      'a level that is not reached',
      { sandbox: { requested: 'standard', achieved: 'off', missing: ['files'], reason: 'No bwrap.' } },
      ['isolation unsure: Robots run in level off though standard is asked for; missing: files.'],
    ],
    [
      'reports that wait',
      { runs: { active: 0, queued: 0, unsettled: 2 } },
      ['reports unsure: 2 runs wait to be reported.'],
    ],
    [
      'a warning',
      { warnings: ['The journal was damaged.'] },
      ['warning The journal was damaged. bad: The journal was damaged.'],
    ],
  ])('names %s', (_name, over, expected) => {
    expect(stateOf(over)).toEqual(expected);
  });

  test('names what is worst first', () => {
    const states = listChecks(aStatus({ worker: null, warnings: ['x'] }), en, format, now).map(
      ({ state }) => state,
    );
    expect(states.slice(0, 3)).toEqual(['bad', 'unsure', 'good']);
  });
});

test.each([
  [[], 0],
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 1, 9, 2], 3],
])('of the durations %j the usual one is %d', (durations, median) => {
  expect(medianOf(durations)).toBe(median);
});
