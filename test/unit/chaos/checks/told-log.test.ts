import { describe, expect, test } from 'vitest';
import { markOfEntry, readToldLog } from '../../../../chaos/checks/told-log.ts';

const FIRST = 'Run 01, attempt 1 ·deadbeef/1';
const END =
  'Succeeded after 1 s.\n3 lines. On vm: kubot logs deadbeef until 2026.\n[end succeeded] ·deadbeef/3';

describe('what entries tell of a run', () => {
  test('rows, lines and the end are counted', () => {
    expect(
      readToldLog([FIRST, 'row 1 of deadbeef\nERROR row 2 of deadbeef with *** in it ·deadbeef/2', END]),
    ).toEqual({
      marks: [1, 2, 3],
      rows: [
        { number: 1, late: false },
        { number: 2, late: false },
      ],
      shown: 3,
      leftOut: 0,
      ends: [{ outcome: 'succeeded', lines: 3, leftOut: 0 }],
      afterEnd: 0,
    });
  });

  test('a gap counts what it leaves out, and is no line', () => {
    const told = readToldLog([
      'row 1 of deadbeef\n… 4,996 lines left out\nrow 4998 of deadbeef ·deadbeef/1',
      'Lost.\n4,998 lines, 4,996 of them left out here. On vm: kubot logs deadbeef until 2026.\n[end lost] ·deadbeef/2',
    ]);
    expect(told).toMatchObject({
      shown: 2,
      leftOut: 4996,
      ends: [{ outcome: 'lost', lines: 4998, leftOut: 4996 }],
    });
  });

  test('a sign of life is no line', () => {
    expect(readToldLog(['still running, 10 min\nrow 1 of deadbeef ·deadbeef/1']).shown).toBe(1);
  });

  test('ERROR rows that the end repeats are told late, also those in the next entry', () => {
    const told = readToldLog([
      'row 9 of deadbeef\n… of the ERROR lines left out so far, the last:\nERROR row 3 of deadbeef ·deadbeef/1',
      'ERROR row 4 of deadbeef\nrow 10 of deadbeef ·deadbeef/2',
    ]);
    expect(told.rows).toEqual([
      { number: 9, late: false },
      { number: 3, late: true },
      { number: 4, late: true },
      { number: 10, late: false },
    ]);
  });

  test('a second last entry and what comes behind the first are seen', () => {
    const told = readToldLog([END, 'row 4 of deadbeef ·deadbeef/4', END.replace('/3', '/5')]);
    expect(told).toMatchObject({ afterEnd: 1, ends: [{ outcome: 'succeeded' }, { outcome: 'succeeded' }] });
  });

  test('a twin counts twice, unless an entry was delivered late', () => {
    const twice = ['row 1 of deadbeef ·deadbeef/1', 'row 1 of deadbeef ·deadbeef/1'];
    expect(readToldLog(twice).rows).toHaveLength(2);
    expect(readToldLog(twice, true)).toMatchObject({ marks: [1], rows: [{ number: 1 }] });
  });

  test('an entry without a mark is nobody’s', () => {
    expect(markOfEntry('A note from outside.')).toBeUndefined();
    expect(markOfEntry(FIRST)).toEqual({ run: 'deadbeef', number: 1 });
  });
});
