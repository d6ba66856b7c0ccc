import { describe, expect, test } from 'vitest';
import { openJournal } from '../../../../src/agent/journal/open-journal.ts';
import { PrepareFailures, prepareFailureKey } from '../../../../src/agent/runs/prepare-failures.ts';
import { AgentError } from '../../../../src/shared/errors.ts';

const MINUTE_MS = 60_000;
const failure = () => new AgentError('POST_INSTALL_FAILED', 'no such index');

function setUp() {
  const clock = { now: 0 };
  return { clock, failures: new PrepareFailures(openJournal(':memory:').host, () => clock.now) };
}

describe('a failed post-install', () => {
  test('is told to the first task that saw it; it holds the others until the next try', () => {
    const { failures, clock } = setUp();
    const error = failure();
    expect(failures.tell('key', error, 'first')).toBeUndefined();
    const held = { failures: 1, nextTryAtMs: MINUTE_MS, message: 'no such index' };
    expect(failures.tell('key', error, 'second')).toEqual(held);
    expect(failures.findHolding('key')).toEqual(held);
    clock.now = MINUTE_MS;
    expect(failures.findHolding('key')).toBeUndefined();
  });

  test('counts once, whoever saw it first: a run without a task leaves the telling to a task', () => {
    const { failures } = setUp();
    const error = failure();
    expect(failures.tell('key', error, null)).toBeUndefined();
    expect(failures.tell('key', error, 'task')).toBeUndefined();
    expect(failures.tell('key', error, 'other')).toMatchObject({ failures: 1 });
  });

  test('is tried again after 1, 5, 30 and then every 60 minutes, until it goes well', () => {
    const { failures, clock } = setUp();
    const waits = [1, 2, 3, 4, 5].map(() => {
      failures.tell('key', failure(), null);
      const next = failures.findHolding('key')?.nextTryAtMs ?? 0;
      const wait = next - clock.now;
      clock.now = next;
      return wait / MINUTE_MS;
    });
    expect(waits).toEqual([1, 5, 30, 60, 60]);
    failures.forget('key');
    failures.tell('key', failure(), null);
    expect(failures.findHolding('key')?.nextTryAtMs).toBe(clock.now + MINUTE_MS);
  });
});

describe('what a failure is remembered by', () => {
  const input = { robotId: 'robot', revision: 'r1', variables: { A: '1', B: '2' }, settings: [null] };
  const key = prepareFailureKey(input);

  test('is the same whatever the order of the variables', () => {
    expect(prepareFailureKey({ ...input, variables: { B: '2', A: '1' } })).toBe(key);
  });

  test.each([
    ['revision', { revision: 'r2' }],
    ['variables', { variables: { A: '1', B: '3' } }],
    ['settings', { settings: ['http://proxy'] }],
  ])('changes with the %s', (_what, change) => {
    expect(prepareFailureKey({ ...input, ...change })).not.toBe(key);
  });

  test('shows no variable', () => {
    expect(prepareFailureKey({ ...input, variables: { PASSWORD: 'hunter2' } })).not.toContain('hunter2');
  });
});
