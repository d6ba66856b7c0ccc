import { describe, expect, test } from 'vitest';
import { Scheduler, type SlotLease } from '../../../../src/agent/runs/scheduler.ts';

const request = (runId: string, robotCode = 'A', over: { desktop?: boolean; robotLimit?: number } = {}) => ({
  runId,
  robotCode,
  desktop: false,
  robotLimit: 64,
  ...over,
});
const never = new AbortController().signal;

/** Who got a slot, in order. */
function recorder(scheduler: Scheduler) {
  const got: string[] = [];
  const leases = new Map<string, SlotLease>();
  const ask = async (...args: Parameters<typeof request>) => {
    const lease = await scheduler.acquire(request(...args), never);
    got.push(args[0]);
    leases.set(args[0], lease);
  };
  return { got, leases, ask };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the scheduler', () => {
  test('gives no more slots than the host has, first come first served', async () => {
    const { got, leases, ask } = recorder(new Scheduler({ maxConcurrentRuns: 2 }));
    for (const id of ['1', '2', '3', '4']) void ask(id);
    await settle();
    expect(got).toEqual(['1', '2']);
    leases.get('1')?.release();
    await settle();
    expect(got).toEqual(['1', '2', '3']);
  });

  test('lets others pass a robot that is at its own limit', async () => {
    const { got, ask } = recorder(new Scheduler({ maxConcurrentRuns: 3 }));
    void ask('1', 'A', { robotLimit: 1 });
    void ask('2', 'A', { robotLimit: 1 });
    void ask('3', 'B');
    await settle();
    expect(got).toEqual(['1', '3']);
  });

  test('runs one desktop robot at a time', async () => {
    const { got, leases, ask } = recorder(new Scheduler({ maxConcurrentRuns: 3 }));
    void ask('1', 'A', { desktop: true });
    void ask('2', 'B', { desktop: true });
    void ask('3', 'C');
    await settle();
    expect(got).toEqual(['1', '3']);
    leases.get('1')?.release();
    await settle();
    expect(got).toEqual(['1', '3', '2']);
  });

  test('says why a request would wait', async () => {
    const scheduler = new Scheduler({ maxConcurrentRuns: 2 });
    await scheduler.acquire(request('1', 'A', { desktop: true }), never);
    expect(scheduler.reasonToWait(request('2', 'B', { desktop: true }))?.code).toBe('DESKTOP_TAKEN');
    expect(scheduler.reasonToWait(request('2', 'A', { robotLimit: 1 }))?.code).toBe('ROBOT_AT_LIMIT');
    expect(scheduler.reasonToWait(request('2', 'B'))).toBeNull();
    await scheduler.acquire(request('2', 'B'), never);
    expect(scheduler.reasonToWait(request('3', 'C'))?.code).toBe('NO_SLOT');
    scheduler.hold(true);
    expect(scheduler.reasonToWait(request('3', 'C'))?.code).toBe('PAUSED');
  });

  test('holds back while paused and goes on when resumed', async () => {
    const scheduler = new Scheduler({ maxConcurrentRuns: 2 });
    const { got, ask } = recorder(scheduler);
    scheduler.hold(true);
    void ask('1');
    await settle();
    expect(got).toEqual([]);
    scheduler.hold(false);
    await settle();
    expect(got).toEqual(['1']);
  });

  test('forgets one that stops waiting', async () => {
    const scheduler = new Scheduler({ maxConcurrentRuns: 1 });
    const first = await scheduler.acquire(request('1'), never);
    const leaving = new AbortController();
    const second = scheduler.acquire(request('2'), leaving.signal);
    leaving.abort();
    await expect(second).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(scheduler.waiting).toBe(0);
    first.release();
    expect(scheduler.free).toBe(1);
  });

  test('counts a lease that is released twice once', async () => {
    const scheduler = new Scheduler({ maxConcurrentRuns: 1 });
    const lease = await scheduler.acquire(request('1'), never);
    lease.release();
    lease.release();
    await scheduler.acquire(request('2'), never);
    expect(scheduler.free).toBe(0);
  });
});
