import { describe, expect, test } from 'vitest';
import type { NextTry } from '../../../../src/agent/journal/host-records.ts';
import { operationInData } from '../../../../src/agent/sources/inbox.ts';
import { judgeTask } from '../../../../src/agent/sources/judge-task.ts';
import { PollPace } from '../../../../src/agent/sources/poll-pace.ts';
import type { CatalogueRobot } from '../../../../src/agent/worker/robot-catalogue.ts';

const robot: CatalogueRobot = {
  id: 'b1a7c1de-0000-4000-8000-000000000001',
  code: 'INVOICES',
  name: 'Invoices',
  tenantId: 'b1a7c1de-0000-4000-8000-000000000002',
  revision: 'r1',
  sourceType: 'PACKAGE',
  sourceFile: null,
  environmentVariables: {},
  state: 'unprepared',
  reason: null,
};
const filtered: CatalogueRobot = {
  ...robot,
  id: 'b1a7c1de-0000-4000-8000-000000000003',
  code: 'FILTERED',
  state: 'excluded',
  reason: 'robotFilter does not name it.',
};
const nextTry = (dueAtMs: number): NextTry => ({
  taskId: 't',
  dueAtMs,
  kind: 'postponed',
  lasting: false,
  robotId: robot.id,
  robotCode: robot.code,
  operation: null,
  processId: null,
  code: 'HOST_DISK',
});
const judge = (over: {
  live?: boolean;
  resting?: boolean;
  excluded?: boolean;
  next?: NextTry;
  attempts?: number;
  paused?: boolean;
  route?: string;
}) =>
  judgeTask({
    task: { id: 't', definitionCode: 'CHECK' },
    route: { robot: over.route ?? 'INVOICES' },
    robots: [robot, filtered],
    history: {
      hasLiveRun: () => over.live ?? false,
      isResting: () => over.resting ?? false,
      isExcluded: () => over.excluded ?? false,
      findNextTry: () => over.next,
      highestAttempt: () => over.attempts ?? 0,
      now: () => 1000,
    },
    reasonToLeave: () => (over.paused ? { code: 'PAUSED', message: 'Paused: lunch.' } : null),
  });

describe('a READY task', () => {
  test('is run as the next attempt', () => {
    expect(judge({ attempts: 2 })).toEqual({ kind: 'run', robot, attempt: 3 });
  });
  test('that runs here already, was excluded, rests after a take or waits for its next try, is nothing new', () => {
    expect(judge({ resting: true }).kind).toBe('nothing-new');
    expect(judge({ live: true }).kind).toBe('nothing-new');
    expect(judge({ excluded: true }).kind).toBe('nothing-new');
    expect(judge({ next: nextTry(1001) }).kind).toBe('nothing-new');
    expect(judge({ next: nextTry(1000) }).kind).toBe('run');
  });
  test('is skipped with a reason when its robot is not here or is left alone here', () => {
    const skipped = { decision: 'skipped', code: 'ROBOT_NOT_HERE' };
    expect(judge({ route: 'OTHER' })).toMatchObject(skipped);
    expect(judge({ route: 'FILTERED' })).toMatchObject({
      ...skipped,
      message: 'CHECK is routed to FILTERED, which this host does not serve. robotFilter does not name it.',
    });
  });
  test('is postponed with the reason why nothing is wanted now', () => {
    expect(judge({ paused: true })).toEqual({
      kind: 'no',
      decision: 'postponed',
      code: 'PAUSED',
      message: 'Paused: lunch.',
    });
  });
});

test('the operation is read from the data where the pointer points, if it is text', () => {
  const data = { operation: 'Check', deep: { 'a/b': ['x', 'Pay'] }, n: 3 };
  expect(operationInData(data, '/operation')).toBe('Check');
  expect(operationInData(data, '/deep/a~1b/1')).toBe('Pay');
  expect(operationInData(data, '/n')).toBeNull();
  expect(operationInData(data, '/constructor/name')).toBeNull();
  expect(operationInData(null, '/operation')).toBeNull();
});

describe('the pace of polling', () => {
  const pace = (clock: { now: number }) =>
    new PollPace({ minMs: 2000, maxMs: 15_000, now: () => clock.now, random: () => 0.5 });

  test('is at once after work, then the shortest for ten minutes, then grows to the longest', () => {
    const clock = { now: 0 };
    const polls = pace(clock);
    expect(polls.nextWaitMs({ ok: true, found: 1 })).toBe(0);
    expect(polls.nextWaitMs({ ok: true, found: 0 })).toBe(2000);
    clock.now = 10 * 60_000 + 1;
    const waits = Array.from({ length: 40 }, () => polls.nextWaitMs({ ok: true, found: 0 }));
    expect(waits[0]).toBeCloseTo(2200);
    expect(waits.at(-1)).toBe(15_000);
    expect(polls.nextWaitMs({ ok: true, found: 2 })).toBe(0);
    expect(polls.nextWaitMs({ ok: true, found: 0 })).toBe(2000);
  });

  test('varies by 30 % either way', () => {
    const at = (random: number) =>
      new PollPace({ minMs: 1000, maxMs: 1000, now: () => 0, random: () => random }).nextWaitMs({
        ok: true,
        found: 0,
      });
    expect([at(0), at(1)]).toEqual([700, 1300]);
  });
});
