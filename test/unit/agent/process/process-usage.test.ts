import { describe, expect, test } from 'vitest';
import { type ProcessStat, readStat } from '../../../../src/agent/process/process-table.ts';
import { familyOf, findKilobytes, UsageMeter } from '../../../../src/agent/process/process-usage.ts';

describe('a line of /proc/<pid>/stat', () => {
  const tail = '0 -1 4194560 100 0 0 0 30 4 200 1 20 0 1 0 987654 8192 100 18446744073709551615';

  test('tells the name, the family and all time that was used', () => {
    expect(readStat(`42 (a) b (c)) S 7 43 41 ${tail}`)).toEqual({
      pid: 42,
      parentPid: 7,
      groupId: 43,
      sessionId: 41,
      startedAt: '987654',
      state: 'S',
      name: 'a) b (c)',
      cpuTicks: 235,
    });
  });

  test('of a zombie counts: nobody else tells its time yet', () => {
    expect(readStat(`42 (x) Z 7 42 41 ${tail}`)).toMatchObject({ pid: 42, cpuTicks: 235 });
  });

  test('that is no such line is nobody', () => {
    expect([readStat(''), readStat('42 (x) S 7'), readStat('nonsense')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the family', () => {
  const seen = (pid: number, parentPid: number, over: Partial<ProcessStat> = {}): ProcessStat => ({
    pid,
    parentPid,
    groupId: pid,
    sessionId: pid,
    startedAt: `at ${pid}`,
    state: 'S',
    name: 'x',
    cpuTicks: 1,
    ...over,
  });
  const pidsOf = (strays: [number, string][], processes: ProcessStat[]) =>
    familyOf(10, new Map(strays), processes)
      .map(({ pid }) => pid)
      .sort((a, b) => a - b);

  test('is whoever descends from the root, in whatever order they stand', () => {
    expect(pidsOf([], [seen(12, 11), seen(11, 10), seen(10, 1), seen(1, 0), seen(20, 1)])).toEqual([
      10, 11, 12,
    ]);
  });

  test('holds those of its session and group that lost their parents, and theirs', () => {
    const processes = [
      seen(12, 1, { sessionId: 10 }),
      seen(13, 1, { groupId: 10 }),
      seen(14, 13),
      seen(15, 1),
    ];
    expect(pidsOf([], processes)).toEqual([12, 13, 14]);
  });

  test('holds a stray, but none that got its number later', () => {
    const processes = [seen(21, 1), seen(22, 1)];
    expect(
      pidsOf(
        [
          [21, 'at 21'],
          [22, 'earlier'],
        ],
        processes,
      ),
    ).toEqual([21]);
  });
});

test('kilobytes are read by their whole name', () => {
  const text = 'Rss:                1668 kB\nPss_Dirty:           112 kB\nPss:                 223 kB\n';
  expect([findKilobytes(text, 'Pss'), findKilobytes(text, 'Swap'), findKilobytes('', 'Pss')]).toEqual([
    223 * 1024,
    undefined,
    undefined,
  ]);
});

test('nothing is known of what ended before it was looked at', () => {
  const meter = new UsageMeter({ rootPid: 2 ** 30, isHolder: () => false, strays: () => new Map() });
  meter.look();
  meter.stop();
  expect(meter.usage()).toBeNull();
});
