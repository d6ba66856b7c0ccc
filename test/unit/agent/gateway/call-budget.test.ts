import { describe, expect, it } from 'vitest';
import { CallBudget, TurnedAway } from '../../../../src/agent/gateway/call-budget.ts';

describe('CallBudget', () => {
  it('gives what is in reserve at once, then as many as time brings', () => {
    const budget = new CallBudget({ callsPerSecond: 2, callsInReserve: 3 });
    const taken = [0, 0, 0, 0, 499, 500, 500, 999, 1000].map((nowMs) => budget.take(nowMs));
    expect(taken).toEqual([true, true, true, false, false, true, false, false, true]);
  });

  it('never fills beyond its reserve', () => {
    const budget = new CallBudget({ callsPerSecond: 100, callsInReserve: 2 });
    expect([0, 1e9, 1e9, 1e9].map((nowMs) => budget.take(nowMs))).toEqual([true, true, true, false]);
  });
});

describe('TurnedAway', () => {
  it('records the first at once and those after it together', () => {
    const turnedAway = new TurnedAway();
    const records: number[] = [];
    for (const nowMs of [0, 1, 2, 999, 1000, 1001]) turnedAway.add(nowMs, (times) => records.push(times));
    expect(records).toEqual([1, 4]);
    turnedAway.flush();
    turnedAway.flush();
    expect(records).toEqual([1, 4, 1]);
  });
});
