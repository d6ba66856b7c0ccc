import { describe, expect, test } from 'vitest';
import { describeDuration, endOfError, endOfProcess } from '../../../../src/agent/runs/outcome.ts';
import { AgentError } from '../../../../src/shared/errors.ts';

const exit = (over: Partial<Parameters<typeof endOfProcess>[0]>) =>
  endOfProcess({
    exitCode: 0,
    signal: null,
    termination: null,
    timeoutMs: 1000,
    platformState: null,
    diskFull: false,
    ...over,
  });
const told = (end: ReturnType<typeof exit>) => [end.outcome, end.error?.code ?? null];

describe('the end of a robot', () => {
  test('follows from its exit and from what ended it', () => {
    expect(told(exit({}))).toEqual(['succeeded', null]);
    expect(told(exit({ exitCode: 3 }))).toEqual(['failed', 'ROBOT_EXIT']);
    expect(told(exit({ exitCode: 139, signal: 'SIGSEGV' }))).toEqual(['failed', 'ROBOT_SIGNAL']);
    expect(told(exit({ exitCode: 1, diskFull: true }))).toEqual(['failed', 'DISK_FULL']);
    expect(told(exit({ exitCode: null, termination: 'timeout' }))).toEqual(['timed-out', 'RUN_TIMEOUT']);
    expect(told(exit({ termination: 'cancelled-by-operator' }))).toEqual([
      'cancelled',
      'CANCELLED_BY_OPERATOR',
    ]);
    expect(told(exit({ termination: 'cancelled-by-platform', platformState: 'CANCELLED' }))).toEqual([
      'cancelled',
      'CANCELLED_BY_PLATFORM',
    ]);
  });

  test('names the limit that it ran into, unless it succeeded all the same', () => {
    const limits = { memoryBytes: 64 * 1024 * 1024, processes: 5 };
    const killed = exit({ exitCode: 137, signal: 'SIGKILL', limit: 'memoryBytes', limits });
    expect([killed.error?.message, killed.error?.hint]).toEqual([
      'The robot was ended by signal SIGKILL. Its processes needed more memory than limits.memoryBytes allows: 64 MB.',
      'Raise limits.memoryBytes if this robot needs more.',
    ]);
    expect(exit({ exitCode: 2, limit: 'processes', limits }).error?.message).toBe(
      'The robot ended with exit code 2. It was refused a process beyond limits.processes: 5.',
    );
    expect(exit({ limit: 'processes', limits }).error).toBeNull();
  });

  test('keeps the exit code beside the signal', () => {
    expect(exit({ exitCode: 137, signal: 'SIGKILL' })).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  });

  test('follows from the error that ended it, by the table of codes', () => {
    expect(endOfError(new AgentError('MANIFEST_INVALID', 'x')).outcome).toBe('prepare-failed');
    expect(endOfError(new AgentError('OPERATION_NOT_FOUND', 'x')).outcome).toBe('refused');
    expect(endOfError(new Error('x')).error?.code).toBe('UNEXPECTED');
  });
});

test('durations read as people say them', () => {
  expect([0, 950, 61_000, 3_600_000, 90_061_000].map(describeDuration)).toEqual([
    '0 ms',
    '950 ms',
    '1 min 1 s',
    '1 h',
    '1 d 1 h',
  ]);
});
