import { beforeEach, describe, expect, test } from 'vitest';
import type { Task } from '../../../../src/agent/kuflow/task.ts';
import {
  lookForOrphans,
  startTakeOver,
  type TakeOverOptions,
} from '../../../../src/agent/sources/take-over.ts';
import type { CatalogueRobot } from '../../../../src/agent/worker/robot-catalogue.ts';
import { createMemoryLog } from '../../../helpers/raw-server.ts';
import { aTask, platformOf } from '../tasks/a-task.ts';
import { ended, line, MINUTE_MS, said, T0_MS, took } from '../tasks/task-entries.ts';

const robot = { code: 'INVOICES' } as CatalogueRobot;
const signal = new AbortController().signal;
let accepted: string[];
let nowMs: number;
beforeEach(() => {
  accepted = [];
  nowMs = T0_MS;
});

function optionsOf(tasks: Task[], over: Partial<TakeOverOptions> = {}) {
  const client = platformOf(tasks);
  const options: TakeOverOptions = {
    client,
    tenantId: null,
    principalId: () => 'us',
    routes: () => new Map([['INVOICES', robot]]),
    wants: () => ({ takeOver: true, takeAssigned: false }),
    held: () => false,
    isKnown: () => false,
    hasHistory: () => false,
    accept: (task, { code }, reclaim) => accepted.push(`${task.id} ${code} ${reclaim}`),
    everyMs: () => 1000,
    now: () => nowMs,
    random: () => 0.5,
    wait: async () => {},
    log: createMemoryLog(),
    ...over,
  };
  return { options, read: client.read };
}

async function look(tasks: Task[], over: Partial<TakeOverOptions> = {}): Promise<string[]> {
  await lookForOrphans(optionsOf(tasks, over).options, new Map(), signal);
  return accepted;
}

const silent = aTask('silent', 60, { logs: [took(0, 'PC-12'), line(20)] });
const unmarked = aTask('unmarked', 60, { logs: [said(0, 'a note')] });

describe('a look for orphans', () => {
  test('takes over what a silent host had, and leaves all else', async () => {
    const others = [
      aTask('live', 60, { logs: [took(0, 'PC-12'), line(31)] }),
      aTask('kept', 60, { logs: [took(0, 'PC-12'), ended(1)] }),
      aTask('ada’s', 60, { ownerId: 'ada', logs: [took(0, 'PC-12')] }),
      aTask('elsewhere', 60, { definitionCode: 'OTHER', logs: [took(0, 'PC-12')] }),
    ];
    expect(await look([silent, unmarked, ...others])).toEqual(['silent INVOICES take-over']);
  });

  test('takes what was assigned only where that is wanted, and no run of ours had it', async () => {
    const wants = () => ({ takeOver: false, takeAssigned: true });
    expect(await look([silent, unmarked], { wants })).toEqual(['unmarked INVOICES assigned']);
    accepted = [];
    expect(await look([unmarked], { wants, hasHistory: () => true })).toEqual([]);
  });

  test.each<[string, Partial<TakeOverOptions>]>([
    ['nothing of a robot that does not want it', { wants: () => ({ takeOver: false, takeAssigned: false }) }],
    ['nothing while this host is paused', { held: () => true }],
    ['nothing before we know who we are', { principalId: () => null }],
    ['nothing that this host has to do with', { isKnown: () => true }],
  ])('takes %s', async (_name, over) => {
    expect(await look([silent, unmarked], over)).toEqual([]);
  });

  test('reads a task of a live host again only when that may have fallen silent', async () => {
    const live = aTask('live', 20, { logs: [took(0, 'PC-12')] });
    const { options, read } = optionsOf([live]);
    const memory = new Map<string, number>();
    await lookForOrphans(options, memory, signal);
    nowMs += 9 * MINUTE_MS;
    await lookForOrphans(options, memory, signal);
    expect(read).toEqual(['live']);
    nowMs += 1 * MINUTE_MS;
    await lookForOrphans(options, memory, signal);
    expect(read).toEqual(['live', 'live']);
  });
});

test('the loop goes on when the platform is away, and ends with its signal', async () => {
  const stop = new AbortController();
  let looks = 0;
  const { options } = optionsOf([], {
    client: {
      ...platformOf([]),
      findTasks: async () => {
        looks++;
        throw new Error('away');
      },
    },
    wait: async () => {
      if (looks === 3) stop.abort();
    },
  });
  await startTakeOver(options, stop.signal);
  expect(looks).toBe(3);
});
