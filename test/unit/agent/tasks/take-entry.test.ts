import { describe, expect, test } from 'vitest';
import { markOf } from '../../../../src/agent/logs/mark.ts';
import {
  type HowTaken,
  isOwnTake,
  readAgentEntry,
  takeMessage,
  waitingMessage,
} from '../../../../src/agent/tasks/take-entry.ts';

const RUN_ID = '01890000-0000-7000-8000-0000deadbeef';
const installationId = '0d5c1f9e-0f43-4a44-9f3a-2f7f6f0b9c11';
const take = (over: Partial<Parameters<typeof takeMessage>[0]> = {}) =>
  takeMessage({
    hostName: 'PC-12',
    installationId,
    nonce: 'a1b2c3d4',
    afterId: '01890000-0000-7000-8000-0000cafecafe',
    principalId: '7a1c6f0e-1111-4a44-9f3a-2f7f6f0b9c11',
    attempt: 1,
    how: 'first',
    ...over,
  });

test.each<[HowTaken, number, string]>([
  ['first', 1, `Taken by PC-12 [take ${installationId} a1b2c3d4 after cafecafe of 6f0b9c11]`],
  ['first', 3, `Taken by PC-12, attempt 3 [take ${installationId} a1b2c3d4 after cafecafe of 6f0b9c11]`],
  ['claimed', 1, `Taken by PC-12 [take ${installationId} a1b2c3d4 after cafecafe of 6f0b9c11 claimed]`],
  [
    'again',
    2,
    `Taken again by PC-12, attempt 2 [take ${installationId} a1b2c3d4 after cafecafe of 6f0b9c11]`,
  ],
  ['over', 2, `Taken over by PC-12, attempt 2 [take ${installationId} a1b2c3d4 after cafecafe of 6f0b9c11]`],
])('a take (%s, attempt %i) is said so that people and hosts can read it', (how, attempt, message) => {
  expect(take({ how, attempt })).toBe(message);
  expect(readAgentEntry(message)).toEqual({
    kind: 'take',
    host: 'PC-12',
    installationId,
    nonce: 'a1b2c3d4',
    after: 'cafecafe',
    principal: '6f0b9c11',
    again: how === 'again' || how === 'over',
    claimed: how === 'claimed',
    attempt,
  });
});

test('a take may know of no entry before it, nor who its host is', () => {
  const message = take({ afterId: null, principalId: null });
  expect(message).toBe(`Taken by PC-12 [take ${installationId} a1b2c3d4 after nothing]`);
  expect(readAgentEntry(message)).toMatchObject({ after: null, principal: null });
});

test.each(['PC 12, attempt 9', 'büro-3.local', 'a [take x y]', 'line\nbreak', ''])(
  'any name of a host is read back from one line: %j',
  (hostName) => {
    const message = take({ hostName });
    expect(message).not.toContain('\n');
    expect(readAgentEntry(message)).toMatchObject({ kind: 'take', installationId, nonce: 'a1b2c3d4' });
  },
);

test('a take knows its own entries by its nonce, also those that were sent again', () => {
  expect(isOwnTake(take(), 'a1b2c3d4')).toBe(true);
  expect(isOwnTake(take({ append: 2, how: 'claimed' }), 'a1b2c3d4')).toBe(true);
  expect(isOwnTake(take({ nonce: 'a1b2c3d45' }), 'a1b2c3d4')).toBe(false);
  expect(isOwnTake('a1b2c3d4', 'a1b2c3d4')).toBe(false);
});

describe('what an agent wrote is known', () => {
  const mark = markOf(RUN_ID, 7);
  const of = (kind: string, number = 7) => ({ kind, run: 'deadbeef', number });
  test.each([
    ['the lines of a run', `line 1\nline 2${mark}`, of('mark')],
    ['a sign of life', `still running, 34 min${mark}`, of('mark')],
    ['the end of a run', `Failed.\n3 lines.\n[end failed]${mark}`, of('end')],
    ['an end without a log', `It ended. [end prepare-failed]${mark}`, of('end')],
    ['a task that waits', waitingMessage(RUN_ID, '34 min'), of('waiting', 0)],
    ['a robot that says it waits', `waits for its next attempt, in 1 s${mark}`, of('mark')],
    ['a note of a person', 'Please hurry', null],
    ['a robot that talks of takes', 'It says: Taken by PC-1 [take a b]', null],
    ['a robot that prints a take', `${take()}\nand more`, null],
    ['a robot that prints an end', '[end failed]', null],
    ['a run that printed a take', `${take()}${mark}`, of('mark')],
  ])('%s', (_name, message, entry) => {
    expect(readAgentEntry(message)).toEqual(entry);
  });
});
