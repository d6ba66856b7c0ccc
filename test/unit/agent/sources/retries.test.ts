import { expect, test } from 'vitest';
import type { NextTry } from '../../../../src/agent/journal/host-records.ts';
import { openJournal } from '../../../../src/agent/journal/open-journal.ts';
import { startRetries } from '../../../../src/agent/sources/retries.ts';

const NOW = 100 * 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;

/** One look at these tries: what was handed on, what is left, and how long until the next look. */
async function look(tries: Pick<NextTry, 'taskId' | 'kind' | 'dueAtMs'>[]) {
  const { host } = openJournal(':memory:');
  for (const next of tries) {
    host.saveNextTry({
      lasting: false,
      robotId: 'r',
      robotCode: 'R',
      operation: null,
      processId: null,
      code: 'X',
      ...next,
    });
  }
  const accepted: string[] = [];
  const stop = new AbortController();
  let waitMs = 0;
  await startRetries(
    {
      records: host,
      accept: ({ taskId }) => void accepted.push(taskId),
      now: () => NOW,
      wait: async (milliseconds) => {
        waitMs = milliseconds;
        stop.abort();
      },
    },
    stop.signal,
  );
  return { accepted, left: host.listNextTries().map(({ taskId }) => taskId), waitMs };
}

test('a retry is handed on when it is due, and stays due until its task is taken', async () => {
  expect(
    await look([
      { taskId: 'due', kind: 'retry', dueAtMs: NOW },
      { taskId: 'later', kind: 'retry', dueAtMs: NOW + 2000 },
      { taskId: 'inbox', kind: 'postponed', dueAtMs: NOW - HOUR_MS },
    ]),
  ).toEqual({ accepted: ['due'], left: ['inbox', 'due', 'later'], waitMs: 2000 });
});

test('a postponed task that the inbox has not shown for a day is forgotten; a retry never is', async () => {
  expect(
    await look([
      { taskId: 'gone', kind: 'postponed', dueAtMs: NOW - 25 * HOUR_MS },
      { taskId: 'kept', kind: 'retry', dueAtMs: NOW - 25 * HOUR_MS },
    ]),
  ).toMatchObject({ left: ['kept'] });
});
