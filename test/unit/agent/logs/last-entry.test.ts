import { describe, expect, test } from 'vitest';
import { type LastEntryFacts, lastEntry } from '../../../../src/agent/logs/last-entry.ts';
import { hasMark, MARK_BYTES, markOf } from '../../../../src/agent/logs/mark.ts';

const RUN = '01890000-0000-7000-8000-0000deadbeef';

const facts: LastEntryFacts = {
  runId: RUN,
  hostName: 'PC-12',
  outcome: 'succeeded',
  summary: 'Succeeded after 3 s.',
  keepUntil: '2026-01-15T00:00:00Z',
  lines: 3,
  linesLeftOut: 0,
  document: null,
};

function textOf(changes: Partial<LastEntryFacts>): string {
  return lastEntry({ ...facts, ...changes }).fit(8000);
}

describe('the last entry', () => {
  test('says how it ended, how many lines there are and where they stay', () => {
    expect(textOf({})).toBe(
      'Succeeded after 3 s.\n3 lines. On PC-12: kubot logs deadbeef until 2026-01-15T00:00:00Z.\n[end succeeded]',
    );
    expect(textOf({ lines: 1, keepUntil: null })).toContain('\n1 line. On PC-12: kubot logs deadbeef.\n');
  });

  test('counts what was left out and gives the document, with how long it is kept', () => {
    const document = { documentUri: 'kuflow-file:uri=1', problem: null, link: null };
    expect(textOf({ lines: 12_345, linesLeftOut: 12_000, document })).toContain(
      '\n12,345 lines, 12,000 of them left out here. The whole log: kuflow-file:uri=1 (kept 24 h by the platform unless linked). On',
    );
    expect(textOf({ document: { ...document, link: '/log' } })).toContain('uri=1 (linked at /log). On');
  });

  test('says why there is no document', () => {
    const document = { documentUri: null, problem: 'The platform refused with 403.', link: null };
    expect(textOf({ document })).toContain('could not be uploaded: The platform refused with 403. On');
    expect(textOf({ document: { ...document, problem: null } })).toContain('\n3 lines. On');
  });

  test.each([
    ['succeeded', 'INFO'],
    ['cancelled', 'WARN'],
    ['failed', 'ERROR'],
    ['timed-out', 'ERROR'],
    ['prepare-failed', 'ERROR'],
    ['refused', 'ERROR'],
    ['lost', 'ERROR'],
  ] as const)('of a run that %s has the level %s and says its outcome', (outcome, level) => {
    const entry = lastEntry({ ...facts, outcome });
    expect(entry.level).toBe(level);
    expect(entry.fit(8000).endsWith(`\n[end ${outcome}]`)).toBe(true);
  });

  test('shortens the summary alone where there is little room', () => {
    const entry = lastEntry({ ...facts, summary: 'ñ'.repeat(9000) });
    for (const bytes of [200, 201, 500, 8000]) {
      const text = entry.fit(bytes);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes);
      expect(Buffer.byteLength(text)).toBeGreaterThanOrEqual(bytes - 1);
      expect(text).toMatch(/^ñ+\n3 lines\. On PC-12: kubot logs deadbeef until \S+\n\[end succeeded\]$/);
    }
  });
});

describe('the mark of an entry', () => {
  test('is the end of the run’s id and a number, whatever the number is', () => {
    expect(markOf(RUN, 1)).toBe(' ·deadbeef/1');
    expect(markOf('01890000-0000-7000-8000-00000000001a', 12)).toBe(' ·0000001a/12');
    expect(Buffer.byteLength(markOf(RUN, 99_999_999_999))).toBeLessThanOrEqual(MARK_BYTES);
  });

  test('is known at the end of an entry, and not for another number', () => {
    const message = `one${markOf(RUN, 11)}`;
    expect([hasMark(message, markOf(RUN, 11)), hasMark(message, markOf(RUN, 1))]).toEqual([true, false]);
    expect(hasMark(`${message} quoted`, markOf(RUN, 11))).toBe(false);
  });
});
