import { beforeEach, describe, expect, test } from 'vitest';
import { Courtesy, type Guest, RETURN_MS } from '../../../../src/agent/courtesy/courtesy.ts';
import type { CourtesyRecord } from '../../../../src/agent/journal/host-records.ts';
import type { Screen } from '../../../../src/shared/courtesy.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = Date.parse('2026-03-10T14:00:00Z');
const FREE: Screen = { locked: false, presenting: false };
const RULES = {
  courtesyCountdownMs: 30 * SECOND,
  courtesyPostponeMaxMs: 2 * HOUR,
  courtesyWaitWhilePresenting: true,
  courtesyWaitWhileLocked: true,
};
const at = (ms: number) => new Date(ms).toISOString();

describe('courtesy', () => {
  let nowMs: number;
  let record: CourtesyRecord | null;
  let views: Courtesy['view'][];
  let presentsByItself: boolean;
  let closing: AbortController;
  let courtesy: Courtesy;

  const open = () => {
    closing = new AbortController();
    const opened: Courtesy = new Courtesy({
      records: {
        loadCourtesy: () => record,
        saveCourtesy: (saved) => {
          record = saved;
        },
      },
      rulesOf: (code) => (code === 'URGENT' ? { ...RULES, courtesyPostponeMaxMs: 0 } : RULES),
      hasDesktopRobots: true,
      isPresenting: () => presentsByItself,
      now: () => nowMs,
      onChange: () => views.push(opened.view),
      closing: closing.signal,
    });
    return opened;
  };
  beforeEach(() => {
    nowMs = START;
    record = null;
    views = [];
    presentsByItself = false;
    courtesy = open();
  });

  /** A shell that tells of a person. @returns how it leaves */
  const enter = async (screen: Screen = FREE) => {
    const leaving = new AbortController();
    const told = courtesy.presence(screen, leaving.signal);
    await told.next();
    return async () => {
      leaving.abort();
      await told.next();
    };
  };
  const admit = (id = 'r1', code = 'DESK') =>
    courtesy.admit({ id, taskId: `task of ${id}`, robot: { code }, operation: 'Run' });
  /** As a run does that may not begin yet. */
  const show = (guest: Guest) => {
    const verdict = guest.judge();
    if (verdict.kind !== 'start') guest.show(verdict);
    return verdict;
  };

  test('lets a robot begin at once where no shell tells of a person', () => {
    expect([admit().judge(), courtesy.view]).toEqual([{ kind: 'start' }, null]);
  });

  test('shows the countdown from its first showing on, and lets the robot begin when it is over', async () => {
    await enter();
    const guest = admit();
    expect(show(guest)).toEqual({ kind: 'count-down', untilMs: START + 30 * SECOND });
    nowMs += 29 * SECOND;
    show(guest);
    expect(courtesy.view).toEqual({
      desktopRobots: true,
      locked: false,
      presenting: false,
      postponedUntil: null,
      next: {
        runId: 'r1',
        taskId: 'task of r1',
        robot: 'DESK',
        operation: 'Run',
        waitsFor: 'countdown',
        until: at(START + 30 * SECOND),
        postponableUntil: at(nowMs + 2 * HOUR),
      },
    });
    nowMs += SECOND;
    expect(guest.judge()).toEqual({ kind: 'start' });
    guest.leave(true);
    expect(courtesy.view).toMatchObject({ next: null });
    // Somebody, the countdown, its end: a moving clock alone is no news.
    expect(views).toHaveLength(3);
  });

  test('counts down anew after whatever came between', async () => {
    await enter();
    const guest = admit();
    show(guest);
    nowMs += 20 * SECOND;
    const leave = await enter({ ...FREE, presenting: true });
    expect(show(guest)).toEqual({ kind: 'wait', for: 'presentation', untilMs: null });
    nowMs += HOUR;
    await leave();
    expect(show(guest)).toEqual({ kind: 'count-down', untilMs: nowMs + 30 * SECOND });
  });

  test('takes a screen as locked only when everybody’s is', async () => {
    const leave = await enter();
    await enter({ ...FREE, locked: true });
    const guest = admit();
    expect(guest.judge().kind).toBe('count-down');
    await leave();
    expect(guest.judge()).toEqual({ kind: 'wait', for: 'unlock', untilMs: null });
  });

  test('hears of a presentation from the system too', async () => {
    await enter();
    presentsByItself = true;
    expect(admit().judge()).toMatchObject({ for: 'presentation' });
  });

  test('waits a little for a person who left, then no more', async () => {
    const leave = await enter();
    const guest = admit();
    await leave();
    expect(show(guest)).toEqual({ kind: 'wait', for: 'return', untilMs: START + RETURN_MS });
    nowMs += RETURN_MS;
    expect(guest.judge()).toEqual({ kind: 'start' });
  });

  test('puts off every robot that drives the screen, but for those that may not be', async () => {
    await enter();
    show(admit());
    courtesy.postpone('r1', 10 * MINUTE);
    const until = START + 10 * MINUTE;
    // Whoever said it is answered so, before the run has looked again.
    expect(courtesy.view).toMatchObject({
      postponedUntil: at(until),
      next: { waitsFor: 'postponement', until: at(until) },
    });
    expect(admit('r2', 'OTHER').judge()).toEqual({ kind: 'wait', for: 'postponement', untilMs: until });
    expect(admit('r3', 'URGENT').judge()).toMatchObject({ kind: 'count-down' });
  });

  test('puts off again up to the limit, which the first time began, and no further', async () => {
    await enter();
    const guest = admit();
    show(guest);
    courtesy.postpone('r1', HOUR);
    nowMs += HOUR;
    show(guest);
    courtesy.postpone('r1', 5 * HOUR);
    expect(show(guest)).toMatchObject({ untilMs: START + 2 * HOUR });
    nowMs = START + 2 * HOUR;
    show(guest);
    expect(courtesy.view?.next).toMatchObject({ waitsFor: 'countdown', postponableUntil: null });
    expect(() => courtesy.postpone('r1', MINUTE)).toThrow('DESK cannot be put off any longer.');
  });

  test('lets the next robot be put off anew once one has begun', async () => {
    await enter();
    const guest = admit();
    show(guest);
    courtesy.postpone('r1', HOUR);
    courtesy.startNow('r1');
    expect(guest.judge()).toEqual({ kind: 'start' });
    guest.leave(true);
    nowMs += 2 * HOUR;
    show(admit('r2'));
    expect(courtesy.view?.next?.postponableUntil).toBe(at(nowMs + 2 * HOUR));
  });

  test('lets a robot be put off anew when what was put off before is over and nothing waited for it', async () => {
    await enter();
    const guest = admit();
    show(guest);
    courtesy.postpone('r1', 10 * MINUTE);
    guest.leave(false);
    nowMs += 5 * MINUTE;
    expect(admit('r2').judge()).toMatchObject({ for: 'postponement' });
    courtesy = open();
    await enter();
    nowMs += 3 * HOUR;
    show(admit('r3'));
    expect(courtesy.view?.next?.postponableUntil).toBe(at(nowMs + 2 * HOUR));
  });

  test('refuses orders for a run that waits for nobody', () => {
    expect(() => courtesy.postpone('r9', MINUTE)).toThrow(
      'Run r9 does not wait for the person at this host.',
    );
    expect(() => courtesy.startNow('r9')).toThrow('Run r9 does not wait for the person at this host.');
  });

  test('keeps over a restart what was put off, and waits a little for who was here', async () => {
    await enter();
    show(admit());
    courtesy.postpone('r1', HOUR);
    closing.abort();
    courtesy = open();
    const guest = admit();
    expect(guest.judge()).toEqual({ kind: 'wait', for: 'return', untilMs: START + RETURN_MS });
    await enter();
    expect(guest.judge()).toEqual({ kind: 'wait', for: 'postponement', untilMs: START + HOUR });
  });

  test('waits for nobody after a restart when the person had left before', async () => {
    await (await enter())();
    courtesy = open();
    expect(admit().judge()).toEqual({ kind: 'start' });
  });

  test('stands aside for a host that works until no work is left', async () => {
    await enter();
    const guest = admit();
    const comeBack = courtesy.standAside();
    expect(guest.judge()).toEqual({ kind: 'start' });
    comeBack();
    expect(guest.judge().kind).toBe('count-down');
  });

  test('says of further robots why they would only wait, once one waits already', async () => {
    await enter({ ...FREE, locked: true });
    expect([courtesy.reasonAgainst('DESK'), courtesy.waiting]).toEqual([null, 0]);
    show(admit());
    expect([courtesy.reasonAgainst('DESK'), courtesy.waiting]).toEqual([
      {
        code: 'COURTESY_WAITS',
        message: 'The screen of this host is locked; robots that drive it wait until it is unlocked.',
      },
      1,
    ]);
  });

  test('moves what was put off with a clock that is put back', async () => {
    await enter();
    show(admit());
    courtesy.postpone('r1', HOUR);
    nowMs -= 30 * MINUTE;
    courtesy.shift(-30 * MINUTE);
    expect(courtesy.view?.postponedUntil).toBe(at(START + 30 * MINUTE));
  });

  test('rouses who waits when the person has spoken', async () => {
    await enter();
    const guest = admit();
    show(guest);
    const never = new AbortController().signal;
    const roused = guest.untilChange(null, never).then(() => guest.judge());
    courtesy.startNow('r1');
    expect(await roused).toEqual({ kind: 'start' });
  });
});
