import { expect, test } from 'vitest';
import { type Connection, ConnectionTracker } from '../../../../src/agent/kuflow/connection.ts';
import { AgentError, type ErrorCode } from '../../../../src/shared/errors.ts';

const start = Date.UTC(2026, 0, 1);
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();

function createTracker() {
  const clock = { seconds: 0 };
  const seen: Connection[] = [];
  const tracker = new ConnectionTracker({
    endpoint: 'https://api.kuflow.com/v2024-06-14',
    now: () => start + clock.seconds * 1000,
    onChange: (connection) => seen.push(connection),
  });
  return { tracker, clock, seen };
}

const failure = (code: ErrorCode) => new AgentError(code, `It is ${code}.`);

test('a connection is offline until a call succeeds', () => {
  const { tracker, clock } = createTracker();
  expect(tracker.connection).toEqual({
    endpoint: 'https://api.kuflow.com/v2024-06-14',
    state: 'offline',
    since: at(0),
    nextTryAt: null,
    lastError: null,
    clockSkewMs: null,
  });
  clock.seconds = 3;
  tracker.succeeded();
  expect(tracker.connection).toMatchObject({ state: 'connected', since: at(3) });
});

test('an outage keeps the time it began, through further failures, and tells the next try', () => {
  const { tracker, clock } = createTracker();
  tracker.succeeded();
  clock.seconds = 10;
  tracker.failed(failure('PLATFORM_UNREACHABLE'));
  tracker.noteNextTry(start + 15_000);
  clock.seconds = 12;
  tracker.failed(failure('PLATFORM_ERROR'));
  expect(tracker.connection).toMatchObject({
    state: 'offline',
    since: at(10),
    nextTryAt: at(15),
    lastError: { code: 'PLATFORM_ERROR', message: 'It is PLATFORM_ERROR.' },
  });
  tracker.succeeded();
  expect(tracker.connection).toMatchObject({
    state: 'connected',
    since: at(12),
    nextTryAt: null,
    lastError: null,
    clockSkewMs: null,
  });
});

test('of several who will try again the soonest is told, until its time has come', () => {
  const { tracker, clock } = createTracker();
  for (const second of [30, 20, 40]) tracker.noteNextTry(start + second * 1000);
  expect(tracker.connection.nextTryAt).toBe(at(20));
  clock.seconds = 21;
  tracker.noteNextTry(start + 45_000);
  expect(tracker.connection.nextTryAt).toBe(at(45));
});

test('a refused call is an answer, so the connection stands', () => {
  const { tracker } = createTracker();
  tracker.failed(failure('PLATFORM_REFUSED'));
  expect(tracker.connection).toMatchObject({ state: 'connected', lastError: null });
});

test('a call that its caller ended tells nothing', () => {
  const { tracker, seen } = createTracker();
  tracker.succeeded();
  tracker.failed(failure('INTERRUPTED'));
  tracker.failed(failure('RATE_LIMITED'));
  expect(seen.map(({ state, lastError }) => [state, lastError?.code ?? null])).toEqual([
    ['connected', null],
    ['connected', 'RATE_LIMITED'],
  ]);
});

test('refused credentials are a state of their own, and each change is told once', () => {
  const { tracker, seen } = createTracker();
  tracker.succeeded();
  tracker.succeeded();
  tracker.failed(failure('UNAUTHORIZED'));
  tracker.failed(failure('UNAUTHORIZED'));
  tracker.succeeded();
  expect(seen.map(({ state }) => state)).toEqual(['connected', 'unauthorized', 'connected']);
});
