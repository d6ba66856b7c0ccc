import { describe, expect, test } from 'vitest';
import { backoffMs, mayRepeat, parseRetryAfter, withRetry } from '../../../../src/agent/kuflow/retry.ts';
import { AgentError } from '../../../../src/shared/errors.ts';

const lost = new AgentError('PLATFORM_UNREACHABLE', 'The connection was cut.', {
  details: { outcome: 'unknown' },
});
const refusedConnection = new AgentError('PLATFORM_UNREACHABLE', 'Connection refused.', {
  details: { outcome: 'not-sent' },
});
const refusal = new AgentError('PLATFORM_REFUSED', 'No.', { details: { outcome: 'refused', status: 409 } });

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);

  test.each([
    ['7', 7000],
    ['0', 0],
    [' 1.5 ', 1500],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['86400', 900_000],
  ])('is read from %j', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  test.each([[null], ['soon'], [''], ['-5']])('is nothing when it is %j', (value) => {
    expect(parseRetryAfter(value, now)).toBeNull();
  });
});

test('backoff doubles from 1 s to 60 s, with full jitter below it', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 1000].map((failures) => backoffMs(failures, () => 1))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
  ]);
  expect(backoffMs(3, () => 0.25)).toBe(2000);
});

test.each([
  ['always', lost, true],
  ['always', refusedConnection, true],
  ['always', refusal, false],
  ['ask-first', lost, false],
  ['ask-first', refusedConnection, true],
  ['ask-first', refusal, false],
] as const)('%s: repeats after "%s": %s', (repeat, error, expected) => {
  expect(mayRepeat(repeat, error)).toBe(expected);
});

describe('a call that is repeated', () => {
  const run = async (errors: AgentError[], over: { attempts?: number; signal?: AbortSignal } = {}) => {
    const waits: number[] = [];
    const left = [...errors];
    const work = withRetry({
      operation: { repeat: 'always', attempts: over.attempts ?? 4 },
      attempt: async () => {
        const error = left.shift();
        if (error) throw error;
        return 'done';
      },
      sleep: async () => {},
      random: () => 1,
      signal: over.signal,
      onWait: (waitMs) => {
        waits.push(waitMs);
      },
    });
    return { waits, result: await work.catch((error: unknown) => error) };
  };

  test('waits longer each time', async () => {
    expect(await run([lost, lost, lost])).toEqual({ waits: [1000, 2000, 4000], result: 'done' });
  });

  test('waits for what Retry-After asks, when that is longer', async () => {
    const limited = new AgentError('RATE_LIMITED', 'Slow down.', {
      details: { outcome: 'not-sent', retryAfterMs: 9000 },
    });
    expect(await run([limited, lost])).toEqual({ waits: [9000, 2000], result: 'done' });
  });

  test('ends with the last error once its attempts are used up', async () => {
    expect(await run([lost, lost, refusedConnection], { attempts: 3 })).toEqual({
      waits: [1000, 2000],
      result: refusedConnection,
    });
  });

  test('is not repeated after a refusal', async () => {
    expect(await run([refusal])).toEqual({ waits: [], result: refusal });
  });

  test('ends when its signal aborts a wait, saying whether the platform may have acted', async () => {
    const { result } = await run([lost], { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ code: 'INTERRUPTED', details: { outcome: 'unknown' } });
  });
});
