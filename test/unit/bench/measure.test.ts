import { describe, expect, test } from 'vitest';
import {
  above,
  atLeastTimes,
  atMost,
  atMostOver,
  atMostTimes,
  measureRow,
  quantile,
  type Row,
  under,
} from '../../../bench/measure.ts';

/** Gives its measures one after the other and writes down whose turn it was. */
function contender(name: string, measures: number[], turns: string[] = []) {
  const left = [...measures];
  return {
    name,
    round: async () => {
      turns.push(name);
      return left.shift() ?? Number.NaN;
    },
  };
}

function row(changes: Partial<Row> = {}): Row {
  return {
    name: 'a row',
    unit: 'ms',
    limit: contender('limit', [100, 10, 12, 11]),
    plain: contender('plain', [100, 50, 40, 60]),
    ours: contender('ours', [100, 20, 22, 24]),
    goal: atMostTimes(3, 'limit', 'the limit'),
    rounds: 3,
    ...changes,
  };
}

describe('a quantile', () => {
  test.each([
    [0.5, [7], 7],
    [0.5, [1, 2, 3], 2],
    [0.5, [1, 2, 3, 4], 2.5],
    [0, [1, 2, 3], 1],
    [1, [1, 2, 3], 3],
    [0.9, [0, 10], 9],
    [0.1, [10, 20, 30, 40, 50], 14],
  ])('%d of %j is %d', (q, sorted, expected) => {
    expect(quantile(sorted, q)).toBeCloseTo(expected);
  });
});

describe('a row', () => {
  test('gives medians, spreads and ratios, without the warm-up', async () => {
    const result = await measureRow(row());
    expect(result).toEqual({
      row: 'a row',
      unit: 'ms',
      goal: 'at most 3× the limit',
      goalMet: true,
      rounds: 3,
      limit: { name: 'limit', median: 11, spread: expect.closeTo(0.8 / 11), note: null },
      plain: { name: 'plain', median: 50, spread: expect.closeTo(8 / 50), note: null },
      ours: { name: 'ours', median: 22, spread: expect.closeTo(1.6 / 22), note: null },
      ratioToLimit: 2,
      ratioToPlain: 22 / 50,
    });
  });

  test('takes turns, backwards in every second round', async () => {
    const turns: string[] = [];
    const [limit, plain, ours] = ['limit', 'plain', 'ours'].map((name) => contender(name, [1, 1, 1], turns));
    if (!limit || !plain || !ours) throw new Error('three contenders');
    await measureRow(row({ limit, plain, ours, rounds: 2 }));
    const [forwards, backwards] = [
      ['limit', 'plain', 'ours'],
      ['ours', 'plain', 'limit'],
    ];
    expect(turns).toEqual([backwards, forwards, backwards].flat());
  });

  test('says how to get a tool that is missing, and compares with nothing then', async () => {
    const result = await measureRow(
      row({ limit: { name: '`bsdtar`', missing: 'apt install libarchive-tools' } }),
    );
    expect(result.limit).toEqual({
      name: '`bsdtar`',
      median: null,
      spread: null,
      note: 'not measured: apt install libarchive-tools',
    });
    expect([result.ratioToLimit, result.goalMet]).toEqual([null, null]);
    expect(result.ratioToPlain).toBe(22 / 50);
  });

  test('has no ratio to nothing', async () => {
    const result = await measureRow(row({ limit: contender('limit', [0, 0, 0, 0]) }));
    expect(result.ratioToLimit).toBeNull();
  });

  test('has no spread below nothing where less is held than before', async () => {
    const { ours } = await measureRow(row({ ours: contender('ours', [0, -10, -11, -12]) }));
    expect(ours).toMatchObject({ median: -11, spread: expect.closeTo(0.8 / 11) });
  });

  test('frees what it holds, also when a round fails', async () => {
    let closed = 0;
    const close = async () => {
      closed++;
    };
    const broken = { name: 'broken', round: () => Promise.reject(new Error('no such file')) };
    await expect(measureRow(row({ plain: broken, close }))).rejects.toThrow('no such file');
    await measureRow(row({ close }));
    expect(closed).toBe(2);
  });
});

describe('a goal', () => {
  const medians = { limit: 10, plain: 100, ours: 25 };

  test.each([
    [atMostTimes(2.5, 'limit', 'the limit'), 'at most 2.5× the limit', true],
    [atMostTimes(2.4, 'limit', 'the limit'), 'at most 2.4× the limit', false],
    [atMostTimes(1.1, 'plain', '`unzip`'), 'at most 1.1× `unzip`', true],
    [atMostOver(15, 'ms', 'the limit'), 'at most the limit + 15 ms', true],
    [atMostOver(14, 'ms', 'the limit'), 'at most the limit + 14 ms', false],
    [atLeastTimes(0.25, 'plain', '`curl`'), 'at least 0.25× `curl`', true],
    [atLeastTimes(0.3, 'plain', '`curl`'), 'at least 0.3× `curl`', false],
    [atMost(25, 'MB'), 'at most 25 MB', true],
    [atMost(24, ''), 'at most 24', false],
    [under(25, 'ms'), 'under 25 ms', false],
    [under(26, 'ms'), 'under 26 ms', true],
    [above(24, '/s'), 'above 24 /s', true],
    [above(25, '/s'), 'above 25 /s', false],
  ])('$text is judged by the medians', (goal, text, met) => {
    expect([goal.text, goal.isMet(medians)]).toEqual([text, met]);
  });

  test.each([
    atMostTimes(2, 'limit', 'the limit'),
    atMostTimes(2, 'plain', 'the script'),
    atLeastTimes(2, 'limit', 'the limit'),
    atMostOver(10, 'ms', 'the limit'),
  ])('$text is not judged where the other was not measured', (goal) => {
    expect(goal.isMet({ limit: null, plain: null, ours: 1 })).toBeNull();
  });
});
