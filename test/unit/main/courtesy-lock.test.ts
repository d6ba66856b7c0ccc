import { EventEmitter } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { lockQuestion, readLockedHint, watchLock } from '../../../src/main/courtesy-lock.ts';

test.each([
  [{ XDG_SESSION_ID: '7' }, '7'],
  [{ XDG_SESSION_ID: '' }, 'auto'],
  [{}, 'auto'],
])('the session of %j is asked for as %s', (environment, session) => {
  expect(lockQuestion(environment)).toEqual(['show-session', session, '--property=LockedHint']);
});

test.each([
  ['LockedHint=yes\n', true],
  ['LockedHint=no\n', false],
  ['', null],
  ['Failed to get session: No data available', null],
])('what logind says, %j, is read as %s', (text, locked) => {
  expect(readLockedHint(text)).toBe(locked);
});

describe('a locked screen', () => {
  const powerMonitor = (state: string) =>
    Object.assign(new EventEmitter(), { getSystemIdleState: () => state }) as never;

  test.each(['win32', 'darwin'] as const)('is heard of from the system on %s', (platform) => {
    const monitor: EventEmitter & { getSystemIdleState: () => never } = powerMonitor('locked');
    const heard: boolean[] = [];
    watchLock({
      platform,
      environment: {},
      powerMonitor: monitor as never,
      ask: async () => null,
      onChange: (locked) => heard.push(locked),
    });
    monitor.emit('unlock-screen');
    monitor.emit('lock-screen');
    expect(heard).toEqual([true, false, true]);
  });

  test('is asked for on Linux: seldom, often while a robot waits, and never again without logind', async () => {
    vi.useFakeTimers();
    try {
      const asked: string[] = [];
      let answer: string | null = 'LockedHint=no\n';
      const heard: boolean[] = [];
      const want = watchLock({
        platform: 'linux',
        environment: { XDG_SESSION_ID: '7' },
        powerMonitor: powerMonitor('active'),
        ask: async (file, args) => {
          asked.push([file, ...args].join(' '));
          return answer;
        },
        onChange: (locked) => heard.push(locked),
      });
      await vi.advanceTimersByTimeAsync(59_000);
      expect(asked).toEqual(['loginctl show-session 7 --property=LockedHint']);
      answer = 'LockedHint=yes\n';
      want(true);
      await vi.advanceTimersByTimeAsync(3000);
      want(true);
      expect([asked.length, heard]).toEqual([3, [false, true, true]]);
      answer = null;
      await vi.advanceTimersByTimeAsync(3000);
      expect(asked).toHaveLength(4);
      await vi.advanceTimersByTimeAsync(600_000);
      expect([asked.length, heard.length]).toEqual([4, 3]);
    } finally {
      vi.useRealTimers();
    }
  });
});
