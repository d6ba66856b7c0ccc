import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Journal, openJournal } from '../../../../src/agent/journal/open-journal.ts';
import { ActiveRun } from '../../../../src/agent/runs/active-run.ts';
import { Decider } from '../../../../src/agent/runs/decide.ts';
import { judgeSighting } from '../../../../src/agent/tasks/judge-sighting.ts';
import type { TaskSighting } from '../../../../src/agent/tasks/task-check.ts';
import { aRun } from '../../../helpers/a-run.ts';
import { createMemoryLog } from '../../../helpers/raw-server.ts';
import { line, took } from './task-entries.ts';

let dir: string;
let journal: Journal;
let active: ActiveRun;
let log: ReturnType<typeof createMemoryLog>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-sighting-'));
  journal = openJournal(join(dir, 'journal.db'));
  log = createMemoryLog();
  active = newActive();
  active.become('preparing');
  active.becomeTaken();
  active.become('running');
});

/** A run of the task that is not taken yet. */
function newActive(): ActiveRun {
  const run = aRun({ taskId: 't' });
  journal.runs.insert(run, run.id);
  return new ActiveRun({
    run,
    request: {
      requestId: 't/1',
      source: 'inbox',
      robotId: 'r',
      operation: null,
      processId: null,
      taskId: 't',
      variables: {},
      attempt: 1,
      requestedAt: run.requestedAt,
      reclaim: null,
    },
    robot: {
      id: 'r',
      code: 'INVOICES',
      name: 'Invoices',
      tenantId: null,
      revision: 'abc',
      sourceType: 'PACKAGE',
      sourceFile: null,
      environmentVariables: {},
      state: 'unprepared',
      reason: null,
    },
    journal,
    now: () => 0,
    onChange: () => undefined,
  });
}
afterEach(() => {
  journal.close();
  rmSync(dir, { recursive: true, force: true });
});

function see(sighting: Partial<TaskSighting>, { principal = 'us' }: { principal?: string | null } = {}) {
  judgeSighting({ taskId: 't', state: 'CLAIMED', ownerId: 'us', ...sighting }, [active], {
    principalId: () => principal,
    decider: new Decider(journal, () => 0),
    journal,
    log,
  });
}

function decisions() {
  return journal.decisions.list({ kind: 'task', id: 't' });
}

describe('a running robot goes on', () => {
  test.each<[string, Partial<TaskSighting>, string | null]>([
    ['while its task is claimed by us', {}, 'us'],
    ['while nobody says whose the task is', { ownerId: null }, 'us'],
    ['while we do not know who we are', { ownerId: 'somebody' }, null],
    ['when another task is cancelled', { taskId: 'other', state: 'CANCELLED' }, 'us'],
  ])('%s', (_name, sighting, principal) => {
    see(sighting, { principal });
    expect([active.termination, decisions(), log.lines]).toEqual([null, [], []]);
  });

  test('when it completed its task itself', () => {
    active.completedByRobot = true;
    see({ state: 'COMPLETED' });
    expect(active.termination).toBeNull();
  });

  test('when its completion is on its way', () => {
    active.isCompleting = () => true;
    see({ state: 'COMPLETED' });
    expect(active.termination).toBeNull();
  });
});

describe('a running robot is ended', () => {
  test.each<[string, Partial<TaskSighting>, string]>([
    ['somebody else completed its task', { state: 'COMPLETED' }, 'COMPLETED'],
    ['somebody cancelled its task', { state: 'CANCELLED' }, 'CANCELLED'],
    ['its task was given back', { state: 'READY' }, 'READY'],
    ['its task was given away', { ownerId: 'ada' }, 'given to somebody else'],
  ])('when %s, and says why', (_name, sighting, said) => {
    see(sighting);
    expect(active.termination).toBe('cancelled-by-platform');
    expect(active.signal.aborted).toBe(true);
    expect(active.platformState).toContain(said);
    expect(decisions()).toMatchObject([
      {
        decision: 'skipped',
        code: 'CANCELLED_BY_PLATFORM',
        message: `The run is cancelled: on the platform the task is ${said}.`,
        runId: active.id,
      },
    ]);
  });

  test('once, however often it is seen', () => {
    see({ state: 'CANCELLED' });
    see({ state: 'COMPLETED' });
    expect([active.platformState, decisions().length, log.lines.length]).toEqual(['CANCELLED', 1, 1]);
  });

  test('also when the robot completed another state than the one seen', () => {
    active.completedByRobot = true;
    see({ state: 'CANCELLED' });
    expect(active.termination).toBe('cancelled-by-platform');
  });
});

describe('a host that took the task over', () => {
  const taken = took(0, 'US', { nonce: 'mine' });
  const successor = took(31, 'PC-13', { how: 'over' });
  let refused: number;
  beforeEach(() => {
    journal.runs.saveTake(active.id, { nonce: 'mine', step: 'claim', entryId: null });
    refused = 0;
    active.loseAccess = () => {
      refused++;
    };
  });

  test('ends the run, whose robot may call the platform no more', () => {
    see({ logs: [taken, successor] });
    expect([active.termination, active.successor, refused]).toEqual(['cancelled-by-platform', 'PC-13', 1]);
    expect(active.platformState).toBe('that PC-13 took it over');
    expect(decisions()).toMatchObject([
      { code: 'CANCELLED_BY_PLATFORM', message: 'The run is cancelled: PC-13 took the task over.' },
    ]);
  });

  test('is remembered while the run settles, for it is told nothing more', () => {
    active.become('settling');
    see({ logs: [taken, successor] });
    expect([active.successor, refused, active.termination]).toEqual(['PC-13', 1, null]);
  });

  test('is none when it only wanted to', () => {
    see({ logs: [taken, took(1, 'PC-13', { how: 'over' }), line(2, { run: active.id })] });
    expect([active.termination, active.successor, refused]).toEqual([null, null, 0]);
  });
});

describe('a sighting means nothing', () => {
  test('for a run that somebody ends already', () => {
    active.terminate('cancelled-by-operator');
    see({ state: 'COMPLETED' });
    expect([active.termination, active.platformState, decisions()]).toEqual([
      'cancelled-by-operator',
      null,
      [],
    ]);
  });

  test('for a run that was not taken', () => {
    active = newActive();
    see({ state: 'CANCELLED' });
    expect(active.termination).toBeNull();
  });

  test('for a run whose robot has ended', () => {
    active.become('settling');
    see({ state: 'COMPLETED' });
    expect(active.termination).toBeNull();
  });
});
