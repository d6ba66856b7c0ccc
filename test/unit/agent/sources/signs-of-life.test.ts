import { beforeEach, describe, expect, test } from 'vitest';
import type { NextTry } from '../../../../src/agent/journal/host-records.ts';
import type { ActiveRun } from '../../../../src/agent/runs/active-run.ts';
import {
  type SignsOfLifeOptions,
  startSignsOfLife,
  watchSilence,
} from '../../../../src/agent/sources/signs-of-life.ts';
import type { TaskSighting } from '../../../../src/agent/tasks/task-check.ts';
import { AgentError } from '../../../../src/shared/errors.ts';
import { aRun } from '../../../helpers/a-run.ts';
import { createMemoryLog } from '../../../helpers/raw-server.ts';
import { aTask } from '../tasks/a-task.ts';

const MINUTE = 60_000;
const signal = new AbortController().signal;
const runId = '01890000-0000-7000-8000-0000deadbeef';

let nowMs: number;
let appended: string[];
let sightings: TaskSighting[];
let isAway: boolean;
beforeEach(() => {
  nowMs = 1_000 * MINUTE;
  appended = [];
  sightings = [];
  isAway = false;
});

/** A run as it is looked at here: its robot works since the entry that was accepted last. */
function workingRun() {
  const active = {
    run: aRun({ id: runId, taskId: 't', state: 'running' }),
    termination: null as string | null,
    heardAtMs: nowMs,
    lost: false,
    loseAccess: () => {
      active.lost = true;
    },
    terminate: (reason: string) => {
      active.termination = reason;
    },
  };
  return active as typeof active & ActiveRun;
}

function optionsOf(over: Partial<SignsOfLifeOptions> = {}): SignsOfLifeOptions {
  const meet = () => {
    if (isAway) throw new AgentError('PLATFORM_UNREACHABLE', 'away');
    return aTask('t', 0);
  };
  return {
    client: {
      appendLog: async (_id, { message }) => {
        const task = meet();
        appended.push(message);
        return task;
      },
      retrieveTask: async () => meet(),
    },
    live: () => [],
    waiting: () => [],
    takesOver: () => true,
    report: (sighting) => sightings.push(sighting),
    now: () => nowMs,
    wait: async () => {},
    log: createMemoryLog(),
    ...over,
  };
}

describe('a run whose task others may take over', () => {
  test('is left in peace while its own entries come', async () => {
    const active = workingRun();
    nowMs += 10 * MINUTE;
    await watchSilence(active, optionsOf(), signal);
    expect([appended, sightings, active.termination]).toEqual([[], [], null]);
  });

  test('shows life after eleven minutes, once it saw that the task is still its own', async () => {
    const active = workingRun();
    nowMs += 11 * MINUTE;
    await watchSilence(active, optionsOf(), signal);
    expect(appended).toEqual(['still running ·deadbeef/0']);
    expect(sightings).toHaveLength(2);
    expect([active.heardAtMs, active.termination]).toEqual([nowMs, null]);
  });

  test('writes nothing into the log of a task that is another’s by now', async () => {
    const active = workingRun();
    nowMs += 8 * 60 * MINUTE;
    const report = () => active.terminate('cancelled-by-platform');
    await watchSilence(active, optionsOf({ report }), signal);
    expect(appended).toEqual([]);
  });

  test('goes on without the platform for fourteen minutes, and is ended after fifteen', async () => {
    const active = workingRun();
    isAway = true;
    nowMs += 14 * MINUTE;
    await watchSilence(active, optionsOf(), signal);
    expect([active.termination, active.lost]).toEqual([null, false]);
    nowMs += 1 * MINUTE;
    await watchSilence(active, optionsOf(), signal);
    expect([active.termination, active.lost]).toEqual(['cut-off', true]);
  });

  test('survives a clock that was put forward, where the platform answers', async () => {
    const active = workingRun();
    nowMs += 60 * MINUTE;
    await watchSilence(active, optionsOf(), signal);
    expect(active.termination).toBeNull();
  });
});

test('a run whose task nobody takes over goes on without network', async () => {
  const active = workingRun();
  isAway = true;
  nowMs += 24 * 60 * MINUTE;
  await watchSilence(active, optionsOf({ takesOver: () => false }), signal);
  expect([appended, active.termination]).toEqual([[], null]);
});

test('a task that waits for its next attempt shows life every ten minutes', async () => {
  const stop = new AbortController();
  const next: NextTry = {
    taskId: 't',
    dueAtMs: nowMs + 34 * MINUTE,
    kind: 'retry',
    lasting: false,
    robotId: 'r',
    robotCode: 'INVOICES',
    operation: null,
    processId: null,
    code: 'ROBOT_EXIT',
  };
  const end = nowMs + 25 * MINUTE;
  const options = optionsOf({
    waiting: () => [{ next, runId }],
    wait: async () => {
      nowMs += 30_000;
      if (nowMs >= end) stop.abort();
    },
  });
  await startSignsOfLife(options, stop.signal);
  expect(appended).toEqual([
    'waits for its next attempt, in 34 min ·deadbeef/0',
    'waits for its next attempt, in 24 min ·deadbeef/0',
    'waits for its next attempt, in 14 min ·deadbeef/0',
  ]);
});
