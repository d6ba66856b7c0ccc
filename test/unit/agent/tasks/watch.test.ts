import { expect, test } from 'vitest';
import { takeTask } from '../../../../src/agent/tasks/take.ts';
import { TakeMemory } from '../../../../src/agent/tasks/take-memory.ts';
import { createTakeFacts } from '../../../helpers/take-facts.ts';
import { aTask } from './a-task.ts';
import { said, T0_MS, took } from './task-entries.ts';

const BOUND = 2;

/** A take of a task whose log keeps two entries, while `write` happens to it before each look. */
async function takeWhile(write: (append: (message: string) => void, look: number) => void) {
  let nowMs = T0_MS;
  let looks = 0;
  let task = aTask('t', 0, { state: 'READY', ownerId: null });
  const append = (message: string) => {
    const entry = said((nowMs - T0_MS) / 60_000, message);
    task = { ...task, logs: [...task.logs, entry].slice(-BOUND) };
  };
  const answer = () => ({ ...task, serverTimeMs: nowMs });
  append('a note');
  append('a note');
  const now = () => nowMs;
  const result = await takeTask({
    client: {
      retrieveTask: async () => {
        write(append, looks++);
        return answer();
      },
      appendLog: async (_id, { message }) => {
        append(message);
        return answer();
      },
      claimTask: async () => {
        task = { ...task, state: 'CLAIMED', ownerId: 'us' };
        return answer();
      },
    },
    taskId: 't',
    principalId: 'us',
    hostName: 'PC-12',
    installationId: 'i',
    attempt: 1,
    reclaim: null,
    memory: new TakeMemory('https://api', createTakeFacts(), now),
    onIntent: () => undefined,
    signal: new AbortController().signal,
    closing: new AbortController().signal,
    sleep: async (milliseconds) => {
      nowMs += milliseconds;
    },
    now,
  });
  return { result, looks, tookMs: nowMs - T0_MS };
}

test('a log that was left alone for a while is young no more', async () => {
  const { result, tookMs } = await takeWhile(() => undefined);
  expect(result).toMatchObject({ taken: true });
  expect(tookMs).toBe(4000);
});

test('a log that somebody fills all the time is watched, and the task taken', async () => {
  const { result, tookMs } = await takeWhile((append) => append('another note'));
  expect(result).toMatchObject({ taken: true });
  expect(tookMs).toBe(4000);
});

test('what came unseen begins the watch anew', async () => {
  const { result, tookMs } = await takeWhile((append, look) => {
    for (let n = 0; n < (look === 30 ? BOUND : 1); n++) append('another note');
  });
  expect(result).toMatchObject({ taken: true });
  expect(tookMs).toBe(3000 + 4000);
});

test('a task whose log is never seen whole is left for a while', async () => {
  const { result, tookMs } = await takeWhile((append) => {
    for (let n = 0; n < BOUND; n++) append('another note');
  });
  expect(result).toEqual({
    taken: false,
    code: 'TAKEN_ELSEWHERE',
    message: 'The log of the task changes too quickly to see who is first.',
    againInMs: 4000,
  });
  expect(tookMs).toBe(20_000);
});

test('a take that comes meanwhile is another host’s', async () => {
  const { result } = await takeWhile((append, look) =>
    append(look === 10 ? took(0, 'PC-13').message : 'another note'),
  );
  expect(result).toMatchObject({ taken: false, message: expect.stringContaining('PC-13 was about to take') });
});
