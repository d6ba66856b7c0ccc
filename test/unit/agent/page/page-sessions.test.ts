import { expect, test } from 'vitest';
import { PageSessions } from '../../../../src/agent/page/page-sessions.ts';

test('a ticket opens one session', () => {
  const sessions = new PageSessions();
  const ticket = sessions.issueTicket();
  const key = sessions.exchange(ticket) ?? '';
  expect([sessions.isOpen(key), sessions.exchange(ticket)]).toEqual([true, null]);
});

test('the next ticket makes the one before it void', () => {
  const sessions = new PageSessions();
  const first = sessions.issueTicket();
  const second = sessions.issueTicket();
  expect(sessions.exchange(first)).toBe(null);
  expect(sessions.exchange(second)).not.toBe(null);
});

test.each(['', 'x', 'none'])('nothing is opened by "%s"', (text) => {
  const sessions = new PageSessions();
  expect([sessions.exchange(text), sessions.isOpen(text)]).toEqual([null, false]);
  sessions.exchange(sessions.issueTicket());
  expect([sessions.exchange(text), sessions.isOpen(text)]).toEqual([null, false]);
});

test('of more than 32 sessions the oldest is over', () => {
  const sessions = new PageSessions();
  const keys = Array.from({ length: 33 }, () => sessions.exchange(sessions.issueTicket()) ?? '');
  expect(keys.map((key) => sessions.isOpen(key))).toEqual([false, ...Array(32).fill(true)]);
});
