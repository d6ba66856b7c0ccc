import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { EventHub } from '../../../../src/agent/control/event-hub.ts';
import type { ControlEvent } from '../../../../src/shared/control-api.ts';
import type { Status } from '../../../../src/shared/status.ts';

const at = '2026-01-02T03:04:05.000Z';

const STATUS: Status = {
  agent: { pid: 1, version: '1', home: '/h', installationId: 'i', startedAt: at, state: 'idle' },
  connection: {
    endpoint: 'https://k',
    state: 'connected',
    since: at,
    nextTryAt: null,
    lastError: null,
    clockSkewMs: null,
  },
  worker: null,
  workerError: null,
  sources: [],
  sandbox: { requested: 'standard', achieved: 'off', missing: [], reason: null },
  pause: null,
  courtesy: null,
  runs: { active: 0, queued: 0, unsettled: 0 },
  warnings: [],
};

function progress(step: string): ControlEvent {
  return { type: 'progress', progress: { robotCode: 'A', step, bytes: null, totalBytes: null } };
}

function hubWith(active = 0): { hub: EventHub; set: (active: number) => void } {
  let status = { ...STATUS, runs: { ...STATUS.runs, active } };
  return {
    hub: new EventHub(() => ({ status, runs: [] })),
    set: (count) => {
      status = { ...STATUS, runs: { ...STATUS.runs, active: count } };
    },
  };
}

const never = new AbortController().signal;

describe('a stream of events', () => {
  test('begins with what is, as it is when somebody listens, then tells what changes', async () => {
    const { hub, set } = hubWith(0);
    const stream = hub.stream(never);
    hub.send(progress('too early'));
    set(2);
    const first = await stream.next();
    expect(first.value).toMatchObject({ type: 'snapshot', status: { runs: { active: 2 } }, runs: [] });
    hub.send(progress('one'));
    hub.send(progress('two'));
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual([
      progress('one'),
      progress('two'),
    ]);
    await stream.return(undefined);
  });

  test('waits for the next event', async () => {
    const { hub } = hubWith();
    const stream = hub.stream(never);
    await stream.next();
    const next = stream.next();
    hub.send(progress('one'));
    expect((await next).value).toEqual(progress('one'));
    await stream.return(undefined);
  });

  test('tells each listener everything', async () => {
    const { hub } = hubWith();
    const streams = [hub.stream(never), hub.stream(never)];
    for (const stream of streams) await stream.next();
    hub.send(progress('one'));
    for (const stream of streams) {
      expect((await stream.next()).value).toEqual(progress('one'));
      await stream.return(undefined);
    }
  });

  test('ends when the agent closes, also for who waits', async () => {
    const { hub } = hubWith();
    const closing = new AbortController();
    const stream = hub.stream(closing.signal);
    await stream.next();
    const waiting = stream.next();
    closing.abort();
    expect((await waiting).done).toBe(true);
  });

  test('is over at once for who comes when the agent closes', async () => {
    expect((await hubWith().hub.stream(AbortSignal.abort()).next()).done).toBe(true);
  });

  test('keeps 10,000 events for who is slow', async () => {
    const { hub } = hubWith();
    const stream = hub.stream(never);
    await stream.next();
    for (let index = 0; index < 10_000; index++) hub.send(progress(String(index)));
    const steps: string[] = [];
    for (let index = 0; index < 10_000; index++) {
      const { value } = await stream.next();
      if (value?.type === 'progress') steps.push(value.progress.step);
    }
    expect(steps).toEqual(Array.from({ length: 10_000 }, (_, index) => String(index)));
    await stream.return(undefined);
  });

  test('is cut off for who is further behind; a fresh snapshot awaits it', async () => {
    const { hub } = hubWith();
    const stream = hub.stream(never);
    await stream.next();
    for (let index = 0; index < 10_001; index++) hub.send(progress('x'));
    expect((await stream.next()).done).toBe(true);
    const again = hub.stream(never);
    expect((await again.next()).value).toMatchObject({ type: 'snapshot' });
    await again.return(undefined);
  });

  test('holds no event for who has stopped reading', async () => {
    const { hub } = hubWith();
    const stream = hub.stream(never);
    await stream.next();
    const events = Array.from({ length: 10_001 }, () => sendRemembered(hub));
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(events.filter((event) => event.deref() !== undefined)).toHaveLength(0);
    await stream.return(undefined);
  });
});

function sendRemembered(hub: EventHub): WeakRef<ControlEvent> {
  const event = progress('x');
  hub.send(event);
  return new WeakRef(event);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
