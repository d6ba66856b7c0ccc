import { describe, expect, test } from 'vitest';
import { noticeOfEvent, noticeOfHost } from '../../../src/main/notices.ts';
import type { Run } from '../../../src/shared/run.ts';
import { en } from '../../../src/shared/words/en.ts';
import { aRun } from '../../helpers/a-run.ts';
import { aStatus } from '../../helpers/a-status.ts';

const status = (state: 'connected' | 'offline' | 'unauthorized') =>
  aStatus({ connection: { ...aStatus().connection, state } });
const STARTING = { name: 'starting' } as const;
const kept = (over: Partial<Run> = {}) =>
  aRun({
    state: 'ended',
    outcome: 'failed',
    settled: { at: '2026-01-01T00:00:00.000Z', action: 'kept' },
    ...over,
  });

describe('of a run', () => {
  test('that failed and waits for a person something is told, with what was wrong', () => {
    const run = kept({ error: { code: 'ROBOT_FAILED', message: 'No total.', hint: null, details: null } });
    expect(noticeOfEvent({ type: 'run', run }, null, en)).toEqual({
      kind: 'failed',
      title: 'INVOICES failed',
      body: 'No total.',
      hash: `#/runs/${run.id}`,
    });
  });

  test.each([
    ['that runs', { state: 'running', outcome: null, settled: null }],
    ['that succeeded', { outcome: 'succeeded' }],
    ['that is not settled yet', { settled: null }],
    ['that was handed over', { settled: { at: '2026-01-01T00:00:00.000Z', action: 'handed-over' } }],
  ] satisfies [string, Partial<Run>][])('%s nothing is told', (_what, over) => {
    expect(noticeOfEvent({ type: 'run', run: kept(over) }, null, en)).toBeNull();
  });
});

describe('of credentials', () => {
  const notice = {
    kind: 'attention',
    title: en.notify.unauthorized,
    body: en.notify.unauthorizedText,
    hash: '#/health',
  };

  test.each([
    ['refused at first', null, 'unauthorized', notice],
    ['refused later', 'connected', 'unauthorized', notice],
    ['refused as before', 'unauthorized', 'unauthorized', null],
    ['accepted', 'unauthorized', 'connected', null],
  ] as const)('that are %s', (_what, before, after, expected) => {
    const known = before === null ? null : status(before);
    expect(noticeOfEvent({ type: 'status', status: status(after) }, known, en)).toEqual(expected);
  });
});

test('of a person who has to sign in the window is shown where they can', () => {
  const { connection } = aStatus();
  const lacking = aStatus({
    connection: {
      ...connection,
      state: 'unauthorized',
      lastError: { code: 'SIGN_IN_NEEDED', message: 'Nobody is signed in.' },
    },
  });
  expect(noticeOfEvent({ type: 'status', status: lacking }, null, en)).toEqual({
    kind: 'attention',
    title: 'Somebody has to sign in',
    body: en.notify.signInNeededText,
    hash: '#/set-up',
  });
});

test('of an agent that ended its own words are told, else ours', () => {
  const waiting = { name: 'waiting', why: 'ended', message: 'No disk.', untilMs: 0 } as const;
  expect(noticeOfHost(waiting, waiting, en)).toMatchObject({ kind: 'attention', body: 'No disk.' });
  expect(noticeOfHost({ ...waiting, message: '' }, STARTING, en)?.body).toBe(en.notify.crashedText);
  expect(noticeOfHost(STARTING, waiting, en)).toBeNull();
  const up = { name: 'running', attached: false, demo: false, granted: null } as const;
  expect(noticeOfHost(up, waiting, en)).toBeNull();
});

test('of a keychain that does not open once, however often it is tried', () => {
  const locked = { name: 'waiting', why: 'keychain', message: '', untilMs: 0 } as const;
  expect(noticeOfHost(locked, STARTING, en)?.title).toBe('The system’s keychain does not open');
  expect(noticeOfHost({ ...locked, untilMs: 1000 }, locked, en)).toBeNull();
});
