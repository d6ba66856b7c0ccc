import { describe, expect, test } from 'vitest';
import {
  findResting,
  hasWon,
  isWholeSince,
  placeOf,
  type Rivals,
  rendezvousShareMs,
  standingOf,
} from '../../../../src/agent/tasks/election.ts';
import {
  type LogEntry,
  readTake,
  type TakeEntry,
  takeMessage,
} from '../../../../src/agent/tasks/take-entry.ts';

const T0 = Date.parse('2026-01-01T00:00:00Z');
const entry = (id: string, second: number, message: string): LogEntry => ({
  id,
  timestamp: new Date(T0 + second * 1000).toISOString(),
  message,
});
type TakeFacts = Parameters<typeof takeMessage>[0];
const take = (nonce: string, how: TakeFacts['how'] = 'first', over: Partial<TakeFacts> = {}) =>
  takeMessage({
    hostName: `PC-${nonce}`,
    installationId: 'i',
    nonce,
    afterId: null,
    principalId: null,
    attempt: 1,
    how,
    ...over,
  });

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

const me = { nonce: 'me', principal: null };

describe('the first entry after a look', () => {
  const place = (
    messages: string[],
    over: { afterId?: string | null; keeps?: number; rivals?: Rivals; principal?: string } = {},
  ) => {
    const { principal = null, ...more } = over;
    const logs = messages.map((message, index) => entry(String(index), index, message));
    const at = messages.indexOf(take('me'));
    return placeOf({ afterId: '0', logs, at, me: { ...me, principal }, keeps: 64, rivals: 'takes', ...more });
  };

  test.each<[string, string[], ReturnType<typeof placeOf>]>([
    ['is first right after what was seen', ['seen', take('me')], 'first'],
    ['is first behind somebody’s note', ['seen', 'a note', take('me')], 'first'],
    ['is first behind an earlier one of its own', ['seen', take('me', 'claimed'), take('me')], 'first'],
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
    ['claimers', 'a line ·0123abcd/4', 'beaten'],
    ['takes', take('b'), 'beaten'],
    ['takes', 'a line ·0123abcd/4', 'first'],
    ['agents', take('b'), 'beaten'],
    ['agents', 'a line ·0123abcd/4', 'beaten'],
    ['agents', 'a note', 'first'],
  ])('with rivals that are %s, after %j: %3$s', (rivals, between, expected) => {
    expect(place(['seen', between, take('me')], { rivals })).toBe(expected);
  });

  test.each<[Rivals, ReturnType<typeof placeOf>]>([
    ['takes', 'beaten'],
    ['claimers', 'first'],
    ['agents', 'first'],
  ])('with rivals that are %s, after a host of another principal: %s', (rivals, expected) => {
    const other = take('b', 'claimed', { principalId: 'p2' });
    expect(place(['seen', other, take('me')], { rivals, principal: 'p1' })).toBe(expected);
    expect(place(['seen', other, take('me')], { rivals, principal: 'p2' })).toBe('beaten');
    expect(place(['seen', other, take('me')], { rivals })).toBe('beaten');
  });

  test('a log is whole since an entry as long as that entry is in it', () => {
    const logs = [entry('7', 0, 'a'), entry('8', 0, 'b')];
    expect(isWholeSince('7', logs, 64)).toBe(true);
    expect(isWholeSince('6', logs, 64)).toBe(false);
  });
});

describe('a take stands after the claim', () => {
  const standing = (...logs: LogEntry[]) => standingOf(logs, 'mine', { nonce: 'me', principal: 'p1' });
  const mine = entry('mine', 10, take('me'));
  const saw = (afterId: string | null, more: Partial<TakeFacts> = {}) =>
    take('b', 'first', { afterId, ...more });

  test('alone, and with whoever had not seen it, however late that came', () => {
    expect(standing(mine)).toEqual({ stands: true });
    expect(standing(mine, entry('2', 10, saw(null)), entry('3', 99, saw('gone')))).toEqual({ stands: true });
    expect(standing(entry('0', 9, 'seen'), mine, entry('2', 99, saw('0')))).toEqual({ stands: true });
  });

  test('not when its entry was dropped', () => {
    expect(standing(entry('2', 11, 'a note'))).toEqual({ stands: false, rival: null });
  });

  test.each<[string, LogEntry[]]>([
    ['had seen it', [entry('2', 70, saw('mine'))]],
    ['had seen what came after it', [entry('2', 11, 'a note'), entry('3', 71, saw('2'))]],
    ['is of our principal', [entry('2', 70, saw('mine', { principalId: 'p1' }))]],
    ['had claimed', [entry('2', 11, take('b', 'claimed'))]],
  ])('not when a host came behind it that %s', (_name, behind) => {
    expect(standing(mine, ...behind)).toMatchObject({ stands: false, rival: { nonce: 'b' } });
  });

  test('whatever a host of another principal had seen', () => {
    expect(standing(mine, entry('2', 70, saw('mine', { principalId: 'p2' })))).toEqual({ stands: true });
  });

  test('whatever is older, and whatever is its own', () => {
    const own = entry('2', 90, take('me', 'first', { afterId: 'mine' }));
    expect(standing(entry('0', -900, take('b')), mine, own)).toEqual({ stands: true });
  });
});

describe('a take has won', () => {
  const won = (...messages: string[]) => {
    const logs = messages.map((message, index) => entry(String(index), index, message));
    const last = readTake(messages.at(-1) ?? '');
    if (!last) throw new Error('The last one is to be a take');
    return hasWon(last, logs, logs.length - 1);
  };

  test('when nobody wrote that its host had not seen', () => {
    expect(won(take('a'))).toBe(true);
    expect(won(take('b'), take('a', 'first', { afterId: '0' }))).toBe(true);
    expect(won('note', 'note', take('a', 'first', { afterId: '0' }))).toBe(true);
  });

  test('not when a rival did', () => {
    expect(won(take('b'), take('a'))).toBe(false);
    expect(won(take('c'), take('b'), take('a', 'first', { afterId: '0' }))).toBe(false);
    expect(won('note', 'a line ·0123abcd/4', take('a', 'over', { afterId: '0' }))).toBe(false);
  });

  test('by the last of the entries that its host may mean', () => {
    const logs = [entry('x-1', 0, 'note'), entry('1', 1, take('b')), entry('1', 2, 'note')];
    const last = entry('9', 3, take('a', 'first', { afterId: '1' }));
    expect(hasWon(readTake(last.message) as TakeEntry, [...logs, last], 3)).toBe(true);
  });
});
