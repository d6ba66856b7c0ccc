import { expect, test } from 'vitest';
import { judgePeer } from '../../../../src/agent/control/peer-check.ts';
import { parsePsView } from '../../../../src/agent/process/run-membership.ts';

const VIEW = parsePsView(
  '50 1 zsh HOME=/\n60 1 robot KUBOT_RUN_ID=x\n80 1 node /k/cli.mjs agent\n81 80 robot\n82 1 zsh\n',
);
const person = { pid: 100, getuid: () => 1000 };

test.each([
  ['of a person may ask', { pid: 50, userId: 1000 }, null],
  ['of a run may not', { pid: 60, userId: 1000 }, 'it belongs to a run'],
  [
    'that is gone may not',
    { pid: 70, userId: 1000 },
    'it cannot be told from a robot: it is gone, or hides what it is',
  ],
  ['of root, which hides from a person, may', { pid: 70, userId: 0 }, null],
])('a process %s', (_what, peer, reason) => {
  expect(judgePeer({ ...peer, groupIds: null }, VIEW, person)?.reason ?? null).toBe(reason);
});

test('to an agent that is root, root hides nothing', () => {
  expect(
    judgePeer({ pid: 70, userId: 0, groupIds: null }, VIEW, { pid: 100, getuid: () => 0 }),
  ).not.toBeNull();
});

test.each([
  ['below an agent of theirs may not', 81, 'it belongs to a run'],
  ['of their shell may', 82, null],
])('a process of another user %s', (_what, pid, reason) => {
  expect(judgePeer({ pid, userId: 2000, groupIds: null }, VIEW, person)?.reason ?? null).toBe(reason);
});
