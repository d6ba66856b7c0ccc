import { describe, expect, test } from 'vitest';
import { runSentence, runTable, stateInWords } from '../../../src/cli/run-table.ts';
import { localTime } from '../../../src/cli/text.ts';
import type { Run } from '../../../src/shared/run.ts';
import { aRun } from '../../helpers/a-run.ts';

const ID = '01890000-0000-7000-8000-0000abcdef12';
const failed: Run = aRun({
  id: ID,
  taskId: '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b',
  state: 'ended',
  outcome: 'failed',
  error: { code: 'ROBOT_EXIT', message: 'The robot ended with 3.', hint: null, details: null },
  durationMs: 12_345,
});

describe('runs as a table', () => {
  test('have a line each, with the ends of their ids', () => {
    const manual = aRun({ id: ID, source: 'manual', operation: null, taskId: null });
    const asked = localTime(failed.requestedAt).padEnd('ASKED FOR'.length);
    expect(runTable([failed, manual])).toEqual([
      `RUN       ROBOT     OPERATION  STATE               ATTEMPT  ${'ASKED FOR'.padEnd(asked.length)}    TOOK  SOURCE  TASK`,
      `abcdef12  INVOICES  Check      failed: ROBOT_EXIT        1  ${asked}  12.3 s  inbox   1e2f3a4b`,
      `abcdef12  INVOICES  –          queued                    1  ${asked}       –  manual  –`,
    ]);
  });
});

describe('the state of a run in words', () => {
  test.each<[string, Partial<Run>]>([
    ['running', { state: 'running' }],
    ['settling', { state: 'settling', outcome: null }],
    ['succeeded', { state: 'ended', outcome: 'succeeded' }],
    ['failed: ROBOT_EXIT', failed],
  ])('is %s', (words, run) => {
    expect(stateInWords(aRun(run))).toBe(words);
  });
});

describe('a run in one sentence', () => {
  test.each<[string, Partial<Run>]>([
    ['INVOICES “Check” is running (run abcdef12).', { state: 'running' }],
    ['INVOICES is queued (run abcdef12).', { operation: null }],
    ['INVOICES “Check” is running (run abcdef12, attempt 2).', { state: 'running', attempt: 2 }],
    [
      'INVOICES “Check” succeeded after 1.5 s (run abcdef12).',
      { state: 'ended', outcome: 'succeeded', durationMs: 1500 },
    ],
    ['INVOICES “Check” failed after 12.3 s (run abcdef12). The robot ended with 3.', failed],
  ])('is %s', (sentence, run) => {
    expect(runSentence(aRun({ ...run, id: ID }))).toBe(sentence);
  });

  test('shows nothing of a robot that a terminal would obey', () => {
    const robot = { id: 'r', code: 'A\u001b[2J', revision: null };
    expect(runSentence(aRun({ id: ID, robot, operation: 'x\ny' }))).toBe(
      'A\\x1b[2J “x\\x0ay” is queued (run abcdef12).',
    );
  });
});
