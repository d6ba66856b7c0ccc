import { describe, expect, test } from 'vitest';
import { makeSchedule } from '../../../chaos/schedule.ts';

const HALF_HOUR_MS = 30 * 60_000;

describe('a schedule', () => {
  test('is what its seed says, and another for another seed', () => {
    const schedule = makeSchedule(7, 60_000, 4);
    expect(makeSchedule(7, 60_000, 4)).toEqual(schedule);
    expect(makeSchedule(8, 60_000, 4)).not.toEqual(schedule);
  });

  test('has its disturbances one after the other, within its time, for agents that there are', () => {
    const schedule = makeSchedule(7, HALF_HOUR_MS, 3);
    const times = schedule.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(HALF_HOUR_MS);
    const hosts = schedule.flatMap((one) => ('host' in one ? [one.host] : []));
    expect([...new Set(hosts)].sort()).toEqual([1, 2, 3]);
  });

  test('of half an hour holds more than 200 kills and 200 network faults', () => {
    const schedule = makeSchedule(1, HALF_HOUR_MS, 4);
    const kills = schedule.filter(
      (one) => one.what === 'kill' || (one.what === 'trap' && one.hit.kind === 'kill'),
    );
    const faults = schedule.filter((one) => one.what === 'network');
    expect(kills.length).toBeGreaterThan(250);
    expect(faults.length).toBeGreaterThan(250);
  });
});
