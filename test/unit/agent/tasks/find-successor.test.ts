import { expect, test } from 'vitest';
import { findSuccessor } from '../../../../src/agent/tasks/find-successor.ts';
import { ended, line, said, took } from './task-entries.ts';

const over = { how: 'over' as const };
const successor = (...logs: Parameters<typeof findSuccessor>[0]) =>
  findSuccessor(logs, 'US', null)?.host ?? null;

test('a host that took over after half an hour of silence is the successor', () => {
  expect(successor(took(0, 'US'), line(5), took(35, 'PC-13', over))).toBe('PC-13');
});

test('one that did so after an end is too', () => {
  expect(successor(took(0, 'US'), ended(1), took(2, 'PC-13', over))).toBe('PC-13');
});

test('one that came too early cannot have won, for it saw a live run', () => {
  expect(successor(took(0, 'US'), line(6), took(35, 'PC-13', over))).toBeNull();
  expect(successor(took(0, 'US'), took(29, 'PC-13', over), line(30))).toBeNull();
});

test('one that came on the minute is, though the clocks differ a little', () => {
  expect(successor(took(0, 'US'), took(29.6, 'PC-13', over))).toBe('PC-13');
});

test('one that wrote where a line of ours came in between cannot have won', () => {
  expect(successor(took(0, 'US'), line(34), took(35, 'PC-13', over))).toBeNull();
});

test('a host that wanted the task while it was READY is none', () => {
  expect(successor(took(0, 'US'), took(0, 'PC-13'), took(40, 'PC-14'))).toBeNull();
});

test('a second attempt of the host that has it is seen as its own', () => {
  const logs = [took(0, 'US'), took(35, 'PC-13', over), took(36, 'PC-13', { how: 'again', nonce: 'x' })];
  expect(successor(...logs)).toBe('PC-13');
  expect(findSuccessor(logs, 'PC-13', null)?.nonce).toBe('x');
});

test('our own next attempt is no successor of ours', () => {
  expect(successor(took(0, 'US'), ended(1), took(2, 'US', { how: 'again', nonce: 'US.2' }))).toBeNull();
});

test('what came before our take is nothing to us', () => {
  expect(successor(took(0, 'PC-12'), took(40, 'PC-13', over), took(80, 'US', over), line(81))).toBeNull();
});

test('where our take was dropped, whoever took over later has it', () => {
  expect(successor(said(50, 'a note'), took(51, 'PC-13', over))).toBe('PC-13');
  expect(successor(line(50), took(51, 'PC-13', over))).toBeNull();
});

test('a host that wanted the task while it was READY is none, whoever tells of a run', () => {
  const logs = [took(0, 'US'), line(1), took(2, 'PC-13'), line(3, { run: 'another-cafecafe' })];
  expect(findSuccessor(logs, 'US', 'ours-deadbeef')).toBeNull();
});

test('a line that was delivered late does not hide who came after the end', () => {
  expect(successor(took(0, 'US'), line(1), ended(2), line(3), took(4, 'PC-13', over))).toBe('PC-13');
});
