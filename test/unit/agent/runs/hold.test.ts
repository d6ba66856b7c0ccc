import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Journal, openJournal } from '../../../../src/agent/journal/open-journal.ts';
import { Hold } from '../../../../src/agent/runs/hold.ts';
import { Scheduler } from '../../../../src/agent/runs/scheduler.ts';

const START = Date.parse('2026-01-02T03:00:00.000Z');
const MINUTE = 60_000;

let dir: string;
let journal: Journal;
let nowMs: number;
let changes: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-hold-'));
  journal = openJournal(join(dir, 'journal.db'));
  nowMs = START;
  changes = 0;
});
afterEach(() => {
  journal.close();
  rmSync(dir, { recursive: true, force: true });
});

/** As an agent that starts has it. */
function startHold(): { hold: Hold; isHeld: () => boolean } {
  const scheduler = new Scheduler({ maxConcurrentRuns: 1 });
  const hold = new Hold({
    records: journal.host,
    scheduler,
    now: () => nowMs,
    onChange: () => {
      changes++;
    },
  });
  const request = { runId: 'r', robotCode: 'A', desktop: false, robotLimit: 1 };
  return { hold, isHeld: () => scheduler.reasonToWait(request)?.code === 'PAUSED' };
}

describe('a host', () => {
  test('that nobody holds works', () => {
    const { hold, isHeld } = startHold();
    expect([hold.state, hold.reason, hold.pauseView, isHeld(), changes]).toEqual([
      null,
      null,
      null,
      false,
      0,
    ]);
  });

  test('that is paused takes nothing new until somebody resumes, and says why', () => {
    const { hold, isHeld } = startHold();
    hold.pause('lunch', null);
    expect([hold.state, hold.pauseView, isHeld()]).toEqual([
      'paused',
      { reason: 'lunch', until: null },
      true,
    ]);
    expect(hold.reason).toEqual({ code: 'PAUSED', message: 'This host is paused (lunch).' });
    nowMs += 1000 * MINUTE;
    hold.expire();
    expect(hold.state).toBe('paused');
    hold.resume();
    expect([hold.state, isHeld(), changes]).toEqual([null, false, 2]);
  });

  test('that is paused for a time goes on when it is up', () => {
    const { hold, isHeld } = startHold();
    hold.pause(null, START + 30 * MINUTE);
    expect(hold.reason?.message).toBe('This host is paused until 2026-01-02T03:30:00.000Z.');
    nowMs += 30 * MINUTE - 1;
    hold.expire();
    expect([hold.state, changes]).toEqual(['paused', 1]);
    nowMs += 1;
    hold.expire();
    hold.expire();
    expect([hold.state, isHeld(), changes]).toEqual([null, false, 2]);
  });

  test('that is paused again has the new reason and time', () => {
    const { hold } = startHold();
    hold.pause('lunch', START + MINUTE);
    hold.pause('audit', null);
    nowMs += 2 * MINUTE;
    hold.expire();
    expect(hold.pauseView).toEqual({ reason: 'audit', until: null });
  });

  test('stays paused over a restart, and not longer than it was to', () => {
    startHold().hold.pause('audit', START + MINUTE);
    const { hold, isHeld } = startHold();
    expect([hold.state, isHeld()]).toEqual(['paused', true]);
    nowMs += MINUTE;
    hold.expire();
    expect([startHold().hold.state, isHeld()]).toEqual([null, false]);
  });

  test('that drains says so, does not do so after a restart, and can be resumed', () => {
    const { hold, isHeld } = startHold();
    hold.pause('audit', null);
    hold.drain();
    expect([hold.state, hold.reason?.code, isHeld()]).toEqual(['draining', 'DRAINING', true]);
    expect(startHold().hold.state).toBe('paused');
    hold.resume();
    expect([hold.state, hold.pauseView, isHeld()]).toEqual([null, null, false]);
  });

  test('that drains goes on draining when its pause is up', () => {
    const { hold, isHeld } = startHold();
    hold.pause(null, START + MINUTE);
    hold.drain();
    nowMs += MINUTE;
    hold.expire();
    expect([hold.state, isHeld()]).toEqual(['draining', true]);
  });
});

describe('a host whose machine goes to sleep', () => {
  const reason = { code: 'PAUSED', message: 'This host is paused (the machine goes to sleep).' };

  test('takes nothing new until it wakes', () => {
    const { hold, isHeld } = startHold();
    hold.fallAsleep();
    expect([hold.state, hold.reason, isHeld()]).toEqual(['paused', reason, true]);
    hold.wakeUp();
    expect([hold.state, hold.reason, isHeld(), changes]).toEqual([null, null, false, 2]);
  });

  test('works again when the sleep does not come, or is over unseen', () => {
    const { hold } = startHold();
    hold.fallAsleep();
    nowMs += MINUTE - 1;
    hold.expire();
    expect(hold.state).toBe('paused');
    nowMs += 1;
    hold.expire();
    expect(hold.state).toBeNull();
  });

  test('is awake after a restart', () => {
    startHold().hold.fallAsleep();
    expect(startHold().hold.state).toBeNull();
  });

  test('stays paused when it wakes, if somebody paused it', () => {
    const { hold } = startHold();
    hold.pause('lunch', null);
    hold.fallAsleep();
    hold.wakeUp();
    expect(hold.pauseView).toEqual({ reason: 'lunch', until: null });
  });
});
