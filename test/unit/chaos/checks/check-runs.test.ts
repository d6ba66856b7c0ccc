import { describe, expect, test } from 'vitest';
import type { AgentEnd } from '../../../../chaos/agent-host.ts';
import { checkRuns } from '../../../../chaos/checks/check-runs.ts';
import type { Evidence } from '../../../../chaos/evidence.ts';
import { at, runOf, START_MS, taskOf, wordsOf } from './evidence.ts';

const OTHER = '00000000-0000-7000-8000-0000cafecafe';
const killedAt = (seconds: number): AgentEnd => ({
  atMs: START_MS + seconds * 1000,
  by: 'SIGKILL',
  code: null,
  signal: 'SIGKILL',
});

function judge(evidence: Partial<Evidence>, ends: AgentEnd[] = []): string[] {
  const all = { tasks: [], runs: [], words: [], waiting: [], ...evidence };
  return checkRuns({ evidence: all, endsOf: () => ends }).map(({ message }) => message);
}

describe('runs and starts', () => {
  test('a run that started its robot once and came to its end is right', () => {
    const run = runOf('NUMBERS');
    expect(judge({ tasks: [taskOf('NUMBERS')], runs: [run], words: wordsOf(run) })).toEqual([]);
  });

  test('a run that was lost with its agent is right', () => {
    const run = runOf('NUMBERS', { outcome: 'lost' });
    expect(
      judge({ tasks: [taskOf('NUMBERS')], runs: [run], words: wordsOf(run, ['start']) }, [killedAt(3)]),
    ).toEqual([]);
  });

  test.each([
    [
      'has not ended',
      { state: 'settling' as const },
      ['start', 'end'] as const,
      'it is settling at the end of all',
    ],
    [
      'is lost though nobody killed its agent',
      { outcome: 'lost' as const },
      ['start'] as const,
      'but its agent was not killed then',
    ],
    ['succeeded without a start', {}, [] as const, 'but its robot never was started'],
    ['succeeded without an end', {}, ['start'] as const, 'but its robot never came to its end'],
    ['started its robot twice', {}, ['start', 'start', 'end'] as const, 'its robot was started 2 times'],
  ])('a run that %s is a violation', (_name, changes, phases, message) => {
    const run = runOf('NUMBERS', changes);
    const found = judge({ tasks: [taskOf('NUMBERS')], runs: [run], words: wordsOf(run, [...phases]) });
    expect(found).toContainEqual(expect.stringContaining(message));
  });

  test('two runs of a task at a time are a violation, and one more than the policy allows', () => {
    const [first, second] = [runOf('NUMBERS'), runOf('NUMBERS', { id: OTHER, host: 2, startedAt: at(3) })];
    const words = [...wordsOf(first), ...wordsOf(second)];
    expect(judge({ tasks: [taskOf('NUMBERS')], runs: [first, second], words })).toEqual([
      expect.stringContaining('its robot was started 2 times where 1 is the most'),
      expect.stringContaining('two of its robots ran at a time'),
    ]);
  });

  test('the next attempt of a retry is right once the one before is over', () => {
    const first = runOf('FAILS_AGAIN', { outcome: 'failed' });
    const second = runOf('FAILS_AGAIN', {
      id: OTHER,
      outcome: 'failed',
      attempt: 2,
      startedAt: at(6),
      endedAt: at(7),
    });
    const words = [...wordsOf(first), ...wordsOf(second)];
    expect(judge({ tasks: [taskOf('FAILS_AGAIN')], runs: [first, second], words })).toEqual([]);
  });

  test('a start that no journal knows is a violation', () => {
    const run = runOf('NUMBERS');
    expect(judge({ tasks: [taskOf('NUMBERS')], words: wordsOf(run) })).toEqual([
      expect.stringContaining('no journal knows the run'),
    ]);
  });
});
