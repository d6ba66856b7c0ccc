import { describe, expect, test } from 'vitest';
import { noticeOfEvent } from '../../../src/main/notices.ts';
import { type TrayInput, trayHeadline, trayMenu, trayStateOf } from '../../../src/main/tray-menu.ts';
import type { AgentView } from '../../../src/shared/client/agent-store.ts';
import type { HostState } from '../../../src/shared/shell-api.ts';
import type { Status } from '../../../src/shared/status.ts';
import { untilTomorrow } from '../../../src/shared/until-tomorrow.ts';
import { en } from '../../../src/shared/words/en.ts';
import { es } from '../../../src/shared/words/es.ts';
import { createFormat } from '../../../src/shared/words/format.ts';
import { aCourtesy } from '../../helpers/a-courtesy.ts';
import { aRun } from '../../helpers/a-run.ts';
import { aStatus } from '../../helpers/a-status.ts';

const NOW = new Date(2026, 2, 10, 14, 0).getTime();
const UP: HostState = { name: 'running', attached: false, demo: false, granted: null };

function input(status: Partial<Status> = {}, view: Partial<AgentView> = {}, host: HostState = UP): TrayInput {
  return {
    view: {
      link: { state: 'live' },
      status: aStatus(status),
      liveRuns: [],
      progress: new Map(),
      endings: 0,
      ...view,
    },
    host,
    robots: [],
    presenting: null,
    words: en,
    format: createFormat('en-GB'),
    nowMs: NOW,
  };
}

const { agent, connection } = aStatus();

describe('the tray of somebody who may look and change nothing', () => {
  test('offers what can be looked at, and to quit', () => {
    const granted = { access: 'read', owner: 'kubot' } as const;
    const run = aRun({ state: 'running' });
    const menu = trayMenu(
      input({ courtesy: aCourtesy() }, { liveRuns: [run] }, { ...UP, attached: true, granted }),
    );
    expect(menu.flatMap(({ label, order }) => (label === '' ? [] : [[label, order]]))).toEqual([
      ['One robot is at work', { do: 'open', hash: '#/now' }],
      [run.robot.code, { do: 'open', hash: `#/runs/${run.id}` }],
      ['Open KuBot Runner', { do: 'open', hash: '' }],
      ['Settings', { do: 'open', hash: '#/settings' }],
      ['Quit', { do: 'quit' }],
    ]);
  });
});

describe('the tray', () => {
  test.each<[string, TrayInput, string, string]>([
    ['nothing to do', input(), 'idle', 'Connected, nothing to do'],
    [
      'a robot at work',
      input({}, { liveRuns: [aRun({ state: 'running' })] }),
      'running',
      'One robot is at work',
    ],
    [
      'a robot made ready',
      input({}, { liveRuns: [aRun({ state: 'preparing' })] }),
      'running',
      'A robot is made ready',
    ],
    [
      'a robot that is about to take the screen',
      input({ courtesy: aCourtesy() }, { liveRuns: [aRun({ state: 'queued' })] }),
      'attention',
      'One robot waits',
    ],
    [
      'a run that is reported',
      input({}, { liveRuns: [aRun({ state: 'settling' })] }),
      'idle',
      'Reporting what was done',
    ],
    [
      'paused',
      input({
        agent: { ...agent, state: 'paused' },
        pause: { reason: null, until: new Date(2026, 2, 10, 15, 30).toISOString() },
      }),
      'paused',
      'Paused until 15:30',
    ],
    [
      'offline',
      input({ connection: { ...connection, state: 'offline' } }),
      'offline',
      'KuFlow cannot be reached',
    ],
    [
      'refused',
      input({ connection: { ...connection, state: 'unauthorized' } }),
      'attention',
      'KuFlow refuses the credentials',
    ],
    [
      'a person who has to sign in',
      input({
        connection: {
          ...connection,
          state: 'unauthorized',
          lastError: { code: 'SIGN_IN_NEEDED', message: 'Nobody is signed in.' },
        },
      }),
      'attention',
      'Somebody has to sign in',
    ],
    ['not set up', input({}, {}, { name: 'not-set-up', message: '' }), 'set-up', 'Not set up yet'],
    [
      'an agent that ended',
      input({}, {}, { name: 'waiting', why: 'ended', message: '', untilMs: 0 }),
      'attention',
      'The agent ended and is started again',
    ],
    [
      'an agent whose secret the keychain keeps to itself',
      input({}, {}, { name: 'waiting', why: 'keychain', message: '', untilMs: 0 }),
      'attention',
      'The system’s keychain does not open',
    ],
  ])('of %s has a shape and a sentence', (_name, given, state, headline) => {
    expect([trayStateOf(given), trayHeadline(given)]).toEqual([state, headline]);
  });

  test('offers Stop for each robot at work, and not for what waits', () => {
    const runs = [aRun({ state: 'running' }), aRun({ id: 'b', state: 'queued' })];
    const orders = trayMenu(input({}, { liveRuns: runs })).map(({ order }) => order);
    expect(orders.filter((order) => order?.do === 'stop-run')).toEqual([{ do: 'stop-run', id: runs[0]?.id }]);
  });

  test('offers to say that one presents something, where a robot drives the screen', () => {
    const labels = (courtesy: Status['courtesy']) => trayMenu(input({ courtesy })).map(({ label }) => label);
    expect(labels(aCourtesy({ next: null }))).toContain('I am presenting');
    expect(labels(aCourtesy({ next: null, desktopRobots: false }))).not.toContain('I am presenting');
    expect(labels(null)).not.toContain('I am presenting');
  });

  test('offers nothing of an agent that is not there', () => {
    const labels = trayMenu(input({}, { status: null }, { name: 'starting' })).map(({ label }) => label);
    expect(labels.filter((label) => label !== '')).toEqual([
      'Starting',
      'Open KuBot Runner',
      'Settings',
      'Quit',
    ]);
  });

  test('pauses until seven in the morning', () => {
    expect(new Date(NOW + untilTomorrow(NOW))).toEqual(new Date(2026, 2, 11, 7));
  });
});

describe('a notice', () => {
  const settled = { at: '2026-01-01T00:00:00.000Z', action: 'kept' } as const;
  const failed = aRun({ state: 'ended', outcome: 'failed', settled });

  test.each([
    ['a task that waits for a person', failed, 'INVOICES failed'],
    [
      'a run that will be tried again',
      { ...failed, settled: { ...settled, action: 'retry' as const } },
      undefined,
    ],
    ['a run that somebody cancelled by hand', { ...failed, settled: null }, undefined],
    ['success', { ...failed, outcome: 'succeeded' as const }, undefined],
    ['a run that goes on', aRun({ state: 'running' }), undefined],
  ])('of %s', (_name, run, title) => {
    expect(noticeOfEvent({ type: 'run', run }, null, en)?.title).toBe(title);
  });

  test('of refused credentials comes once', () => {
    const status = aStatus({ connection: { ...connection, state: 'unauthorized' } });
    expect(noticeOfEvent({ type: 'status', status }, aStatus(), es)?.title).toBe(
      'KuFlow rechaza las credenciales',
    );
    expect(noticeOfEvent({ type: 'status', status }, status, es)).toBe(null);
  });
});
