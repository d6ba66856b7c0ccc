import { beforeEach, expect, test } from 'vitest';
import { TakeMemory } from '../../../../src/agent/tasks/take-memory.ts';
import { createTakeFacts } from '../../../helpers/take-facts.ts';

const MINUTE = 60_000;
let nowMs: number;
let records: ReturnType<typeof createTakeFacts>;
const open = (facts = records) => new TakeMemory('https://api', facts, () => nowMs);
beforeEach(() => {
  nowMs = 1_000_000;
  records = createTakeFacts();
});

test('two entries are believed to be kept, more where more were seen, and never more than is known', () => {
  expect(open().keeps).toBe(2);
  open().noteLog(5);
  open().noteLog(3);
  expect(open().keeps).toBe(5);
  open().noteLog(5000);
  expect(open().keeps).toBe(64);
  const bounded = createTakeFacts(4);
  open(bounded).noteLog(9);
  expect(open(bounded).keeps).toBe(4);
});

test('a server that refuses entries on READY tasks is remembered for an hour, also over a restart', () => {
  expect(open().claimsFirst).toBe(false);
  open().noteReady('refused');
  nowMs += 59 * MINUTE;
  expect(open().claimsFirst).toBe(true);
  nowMs += 2 * MINUTE;
  expect(open().claimsFirst).toBe(false);
});

test('one that takes them is believed at once', () => {
  open().noteReady('refused');
  open().noteReady('accepted');
  expect(open().claimsFirst).toBe(false);
});

test('where more than a few are kept the append is tried first all the same', () => {
  const memory = open();
  memory.noteReady('refused');
  memory.noteLog(3);
  expect(memory.claimsFirst).toBe(true);
  memory.noteLog(4);
  expect(memory.claimsFirst).toBe(false);
});

test('rivals are remembered for an hour', () => {
  const memory = open();
  expect(memory.hasRivals).toBe(false);
  memory.noteRival();
  nowMs += 59 * MINUTE;
  expect(memory.hasRivals).toBe(true);
  nowMs += 2 * MINUTE;
  expect(memory.hasRivals).toBe(false);
});

test('a task rests for as long as was said, but not because the clock was put back', () => {
  const memory = open();
  memory.rest('t', MINUTE);
  expect([memory.isResting('t'), memory.isResting('other')]).toEqual([true, false]);
  nowMs += MINUTE;
  expect(memory.isResting('t')).toBe(false);
  memory.rest('t', MINUTE);
  nowMs -= 24 * 60 * MINUTE;
  expect(memory.isResting('t')).toBe(false);
});

test('takes of its own that came to nothing are known', () => {
  const memory = open();
  memory.noteOver('t', 'abc');
  memory.noteOver('t', 'def');
  const isOver = (task: string, nonce: string) => memory.isOver(task, nonce);
  expect([isOver('t', 'abc'), isOver('t', 'def'), isOver('t', 'abcd'), isOver('other', 'abc')]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  for (let n = 0; n < 1000; n++) memory.noteOver(`other-${n}`, 'x');
  expect(isOver('t', 'abc')).toBe(false);
});
