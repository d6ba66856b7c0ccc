import { beforeEach, describe, expect, test, vi } from 'vitest';
import { CourtesyDesk } from '../../../src/main/courtesy-desk.ts';
import type { AgentView } from '../../../src/shared/client/agent-store.ts';
import type { Courtesy, Screen } from '../../../src/shared/courtesy.ts';
import { aCourtesy, aNext } from '../../helpers/a-courtesy.ts';
import { aStatus } from '../../helpers/a-status.ts';

const HOUR = 60 * 60_000;

describe('the desk', () => {
  let view: AgentView;
  let changed: () => void;
  let told: string[];
  let wanted: boolean[];
  let screens: Partial<Screen>[];
  let desk: CourtesyDesk;

  const hear = async (courtesy: Courtesy | null, link: AgentView['link'] = { state: 'live' }) => {
    view = { ...view, link, status: aStatus({ courtesy }) };
    changed();
    // What was told is taken back once it has been shown.
    await Promise.resolve();
    await Promise.resolve();
  };
  beforeEach(() => {
    view = { link: { state: 'live' }, status: null, liveRuns: [], progress: new Map(), endings: 0 };
    told = [];
    wanted = [];
    screens = [];
    desk = new CourtesyDesk({
      agent: {
        view: () => view,
        listen: (listener) => {
          changed = listener;
          return () => undefined;
        },
      },
      presence: { tell: (screen) => void screens.push(screen) },
      tell: async ({ robot, until }) => {
        told.push(`${robot} at ${until}`);
        return () => void told.push('taken back');
      },
      onWanted: (isWanted) => void wanted.push(isWanted),
      onChange: () => undefined,
      now: () => Date.now(),
    });
  });

  test('tells of a countdown once, and takes that back when it is over', async () => {
    const next = aNext();
    await hear(aCourtesy({ next }));
    await hear(aCourtesy({ next: { ...next, postponableUntil: null } }));
    await hear(aCourtesy({ next: { ...next, waitsFor: 'postponement' } }));
    expect(told).toEqual([`DESK at ${next.until}`, 'taken back']);
  });

  test('tells anew of one that begins anew', async () => {
    await hear(aCourtesy({ next: aNext({ until: 'first' }) }));
    await hear(aCourtesy({ next: aNext({ until: 'second' }) }));
    expect(told).toEqual(['DESK at first', 'DESK at second', 'taken back']);
  });

  test('takes back what an agent said that is gone', async () => {
    await hear(aCourtesy());
    await hear(aCourtesy(), { state: 'lost', sinceMs: 0, nextTryAtMs: 0 });
    expect(told.at(-1)).toBe('taken back');
  });

  test('says whether a robot waits for the person', async () => {
    await hear(aCourtesy({ next: aNext({ waitsFor: 'unlock' }) }));
    await hear(null);
    expect(wanted).toEqual([true, false]);
  });

  test('tells the agent of a presentation, which ends by itself or when it is said', () => {
    vi.useFakeTimers({ now: 0 });
    try {
      desk.present(HOUR);
      expect(desk.presenting).toEqual({ untilMs: HOUR });
      vi.advanceTimersByTime(HOUR);
      expect([desk.presenting, screens]).toEqual([null, [{ presenting: true }, { presenting: false }]]);
      desk.present(null);
      vi.advanceTimersByTime(24 * HOUR);
      expect(desk.presenting).toEqual({ untilMs: null });
      desk.stopPresenting();
      expect([desk.presenting, screens.at(-1)]).toEqual([null, { presenting: false }]);
      desk.present(HOUR);
      vi.setSystemTime(Date.now() + HOUR);
      changed();
      expect(desk.presenting).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });
});
