import { expect, test } from 'vitest';
import { findSuccessor } from '../../../../src/agent/tasks/find-successor.ts';
import { ended, line, said, took } from './task-entries.ts';

const over = { how: 'over' } as const;
const successor = (...logs: Parameters<typeof findSuccessor>[0]) => findSuccessor(logs, 'US')?.host ?? null;

test('a host that took over from the last that we wrote is the successor', () => {
  expect(successor(took(0, 'US'), line(5), took(35, 'PC-13', over))).toBe('PC-13');
  expect(successor(took(0, 'US'), line(5), said(6, 'a note'), took(35, 'PC-13', over))).toBe('PC-13');
});

test('one that did so after an end is too', () => {
  expect(successor(took(0, 'US'), ended(1), took(2, 'PC-13', over))).toBe('PC-13');
});

test('one that had not seen a line of ours cannot have won', () => {
  const mine = took(0, 'US');
  expect(successor(mine, line(34), took(35, 'PC-13', { ...over, saw: mine }))).toBeNull();
  expect(successor(mine, line(34), took(35, 'PC-13', { ...over, saw: 'nothing' }))).toBeNull();
});

test('nor can one that had not seen another that took over', () => {
  const mine = took(0, 'US');
  const first = took(35, 'PC-13', over);
  expect(successor(mine, first, took(35, 'PC-14', { ...over, saw: mine }))).toBe('PC-13');
});

test('a host that wanted the task while it was READY is none', () => {
  expect(successor(took(0, 'US'), took(0, 'PC-13', { saw: 'nothing' }), took(40, 'PC-14'))).toBeNull();
});

test('a second attempt of the host that has it is seen as its own', () => {
  const logs = [took(0, 'US'), took(35, 'PC-13', over), took(36, 'PC-13', { how: 'again', nonce: 'x' })];
  expect(successor(...logs)).toBe('PC-13');
  expect(findSuccessor(logs, 'PC13')?.nonce).toBe('x');
});

test('an entry of our own take is no successor of ours', () => {
  expect(successor(took(0, 'US'), ended(1), took(2, 'US', { how: 'again', nonce: 'US' }))).toBeNull();
});

test('what came before our take is nothing to us', () => {
  expect(successor(took(0, 'PC-12'), took(40, 'PC-13', over), took(80, 'US', over), line(81))).toBeNull();
});

test('where our take was dropped, whoever took over later has it', () => {
  expect(successor(said(50, 'a note'), took(51, 'PC-13', over))).toBe('PC-13');
  const note = said(49, 'a note');
  expect(successor(note, line(50), took(51, 'PC-13', { ...over, saw: note }))).toBeNull();
});
