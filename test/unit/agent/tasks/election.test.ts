import { describe, expect, test } from 'vitest';
import {
  findResting,
  isWholeSince,
  placeOf,
  type Rivals,
  rendezvousShareMs,
  standingOf,
} from '../../../../src/agent/tasks/election.ts';
import { type LogEntry, takeMessage } from '../../../../src/agent/tasks/take-entry.ts';

const T0 = Date.parse('2026-01-01T00:00:00Z');
const entry = (id: string, second: number, message: string): LogEntry => ({
  id,
  timestamp: new Date(T0 + second * 1000).toISOString(),
  message,
});
const take = (nonce: string, how: 'first' | 'claimed' | 'over' = 'first') =>
  takeMessage({ hostName: `PC-${nonce}`, installationId: 'i', nonce, attempt: 1, how });

describe('a host’s share of the wait', () => {
  test('is between 0 and 300 ms, the same each time, and another order for each task', () => {
    const hosts = ['a', 'b', 'c', 'd'];
    const orders = ['t1', 't2', 't3', 't4', 't5', 't6'].map((task) =>
      hosts.toSorted((x, y) => rendezvousShareMs(task, x) - rendezvousShareMs(task, y)).join(''),
    );
    expect(new Set(orders).size).toBeGreaterThan(1);
    expect(rendezvousShareMs('t1', 'a')).toBe(rendezvousShareMs('t1', 'a'));
    for (let n = 0; n < 200; n++) {
      expect(rendezvousShareMs(`t${n}`, 'a')).toBeGreaterThanOrEqual(0);
      expect(rendezvousShareMs(`t${n}`, 'a')).toBeLessThan(300);
    }
  });
});

describe('a take rests for a minute by the platform’s clock', () => {
  const view = (ageMs: number | null, logs = [entry('1', 0, take('b'))]) => ({
    state: 'READY' as const,
    ownerId: null,
    logs,
    serverTimeMs: ageMs === null ? null : T0 + ageMs,
  });
  const resting = (ageMs: number | null, over: string[] = []) =>
    findResting(view(ageMs), ({ nonce }) => over.includes(nonce));

  test('and no longer', () => {
    expect(resting(0)).toMatchObject({ take: { host: 'PC-b' }, leftMs: 60_000 });
    expect(resting(59_999)).toMatchObject({ leftMs: 1 });
    expect(resting(60_000)).toBeNull();
  });

  test('and for ever where the platform tells no time', () => {
    expect(resting(null)).toMatchObject({ leftMs: 60_000 });
  });

  test('unless it is over', () => {
    expect(resting(0, ['b'])).toBeNull();
  });

  test('the youngest counts', () => {
    const logs = [entry('1', 0, take('b')), entry('2', 50, take('c')), entry('3', 51, 'a note')];
    expect(findResting(view(70_000, logs), () => false)).toMatchObject({
      take: { nonce: 'c' },
      leftMs: 40_000,
    });
  });
});

describe('the first entry after a look', () => {
  const place = (
    messages: string[],
    over: { afterId?: string | null; keeps?: number; rivals?: Rivals } = {},
  ) => {
    const logs = messages.map((message, index) => entry(String(index), index, message));
    const at = messages.indexOf(take('me'));
    return placeOf({ afterId: '0', logs, at, nonce: 'me', keeps: 64, rivals: 'takes', ...over });
  };

  test.each<[string, string[], ReturnType<typeof placeOf>]>([
    ['is first right after what was seen', ['seen', take('me')], 'first'],
    ['is first behind somebody’s note', ['seen', 'a note', take('me')], 'first'],
    ['is first behind an earlier one of its own', ['seen', take('me.1'), take('me')], 'first'],
    ['is first whatever follows', ['seen', take('me'), take('b')], 'first'],
    ['is beaten by a take in between', ['seen', take('b'), take('me')], 'beaten'],
  ])('%s', (_name, messages, expected) => {
    expect(place(messages)).toBe(expected);
  });

  test('is not known when what was seen was dropped', () => {
    expect(place(['other', take('me')], { afterId: 'gone' })).toBe('unclear');
    expect(place([take('b'), take('me')], { afterId: 'gone' })).toBe('beaten');
  });

  test('of a log that was empty is known while the log is shorter than what is kept', () => {
    expect(place([take('me')], { afterId: null, keeps: 2 })).toBe('first');
    expect(place(['note', take('me')], { afterId: null, keeps: 2 })).toBe('unclear');
    expect(place(['note', take('me')], { afterId: null, keeps: 3 })).toBe('first');
  });

  test.each<[Rivals, string, ReturnType<typeof placeOf>]>([
    ['claimers', take('b'), 'first'],
    ['claimers', take('b', 'claimed'), 'beaten'],
    ['claimers', take('b', 'over'), 'beaten'],
    ['takes', take('b'), 'beaten'],
    ['takes', 'a line ·0123abcd/4', 'first'],
    ['agents', 'a line ·0123abcd/4', 'beaten'],
    ['agents', 'a note', 'first'],
  ])('with rivals that are %s, after %j: %3$s', (rivals, between, expected) => {
    expect(place(['seen', between, take('me')], { rivals })).toBe(expected);
  });

  test('a log is whole since an entry as long as that entry is in it', () => {
    const logs = [entry('7', 0, 'a'), entry('8', 0, 'b')];
    expect(isWholeSince('7', logs, 64)).toBe(true);
    expect(isWholeSince('6', logs, 64)).toBe(false);
  });
});

describe('a take stands after the claim', () => {
  const standing = (...logs: LogEntry[]) => standingOf(logs, { id: 'mine', nonce: 'me' });
  const mine = entry('mine', 10, take('me'));

  test('alone, and with whoever lost right behind it', () => {
    expect(standing(mine)).toEqual({ stands: true });
    expect(standing(mine, entry('2', 10, take('b')), entry('3', 39, take('c')))).toEqual({ stands: true });
  });

  test('not when its entry was dropped', () => {
    expect(standing(entry('2', 11, 'a note'))).toEqual({ stands: false, rival: null });
  });

  test('not when a newer one can have won', () => {
    expect(standing(mine, entry('2', 40, take('b')))).toMatchObject({ stands: false, rival: { nonce: 'b' } });
  });

  test('whatever is older, and whatever is its own', () => {
    expect(standing(entry('0', -900, take('b')), mine, entry('2', 90, take('me.2')))).toEqual({
      stands: true,
    });
  });
});
