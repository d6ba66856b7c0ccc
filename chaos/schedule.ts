import type { FaultKind } from '../test/helpers/fault-proxy.ts';
import { Random } from './random.ts';

/** A call that an agent makes, by what its request looks like. */
export type WatchedCall = 'take' | 'append' | 'claim' | 'complete' | 'upload';

export const WATCHED_CALLS: Record<WatchedCall, { method: string; path: RegExp; body?: RegExp }> = {
  take: { method: 'POST', path: /append-log/, body: /\[take / },
  append: { method: 'POST', path: /append-log/, body: /·[0-9a-f]{8}\/\d+"/ },
  claim: { method: 'POST', path: /~actions\/claim/ },
  complete: { method: 'POST', path: /~actions\/complete/ },
  upload: { method: 'POST', path: /upload-document/ },
};

export type NetworkFault =
  /** Connections are refused, those that are open are cut. */
  { kind: 'refuse' } | { kind: 'requests'; fault: FaultKind; every: number; call?: WatchedCall };

export type Disturbance =
  | { what: 'kill'; host: number; pauseMs: number }
  | { what: 'freeze'; host: number; forMs: number }
  /** TERM, and a new start once it drained. */
  | { what: 'drain'; host: number; pauseMs: number }
  | { what: 'network'; host: number; name: string; fault: NetworkFault; forMs: number; cutWaiting: boolean }
  /** Waits for a call of this host: `before` the platform hears of it or when it has `acted`, the host is hit. */
  | { what: 'trap'; host: number; call: WatchedCall; phase: 'before' | 'acted'; hit: Hit }
  /** Waits for a claim of this host, and stops claim and host until another host has the task. */
  | { what: 'overtake'; host: number }
  | { what: 'platform-kill'; pauseMs: number }
  /** Somebody else writes into the logs of tasks that nobody has taken yet. */
  | { what: 'notes' }
  /** Somebody else gets a task that runs. */
  | { what: 'take-away' };

export type Hit = { kind: 'kill'; pauseMs: number } | { kind: 'freeze'; forMs: number };

export type ScheduledDisturbance = Disturbance & { atMs: number };

/** Between two disturbances, on average. */
const GAP_MS = 2000;
/** Nothing is disturbed before the agents are at work. */
const CALM_MS = 2000;
/** A take keeps others away for a minute. */
const OVERTAKING_MS = 75_000;
const OVERTAKE_EVERY_MS = 70_000;
/** Of so many hosts one is to be overtaken at a time; the others are needed to do it. */
const HOSTS_PER_OVERTAKEN = 3;

/** All that will be done to whom and when, by the seed alone. */
export function makeSchedule(seed: number, lengthMs: number, hosts: number): ScheduledDisturbance[] {
  const random = new Random(`schedule ${seed}`);
  const schedule: ScheduledDisturbance[] = [];
  for (let atMs = CALM_MS; ; ) {
    atMs += Math.round(-Math.log(1 - random.next()) * GAP_MS);
    if (atMs >= lengthMs) break;
    schedule.push({ atMs, ...disturbance(random, hosts) });
  }
  const overtaken = new Random(`overtaken ${seed}`);
  for (let atMs = CALM_MS; atMs + OVERTAKING_MS < lengthMs; atMs += OVERTAKE_EVERY_MS) {
    const first = overtaken.integer(1, hosts);
    for (let more = 0; more < Math.max(1, Math.floor(hosts / HOSTS_PER_OVERTAKEN)); more++)
      schedule.push({ atMs, what: 'overtake', host: ((first + more - 1) % hosts) + 1 });
  }
  return schedule.sort((a, b) => a.atMs - b.atMs);
}

function disturbance(random: Random, hosts: number): Disturbance {
  const host = random.integer(1, hosts);
  return random
    .pick<{ weight: number; make: () => Disturbance }>([
      { weight: 24, make: () => ({ what: 'kill', host, pauseMs: random.integer(100, 3000) }) },
      { weight: 6, make: () => ({ what: 'freeze', host, forMs: random.integer(300, 6000) }) },
      { weight: 6, make: () => ({ what: 'drain', host, pauseMs: random.integer(0, 1500) }) },
      { weight: 36, make: () => networkFault(random, host) },
      { weight: 20, make: () => trap(random, host) },
      { weight: 3, make: () => ({ what: 'platform-kill', pauseMs: random.integer(200, 4000) }) },
      { weight: 3, make: () => ({ what: 'notes' }) },
      { weight: 2, make: () => ({ what: 'take-away' }) },
    ])
    .make();
}

function trap(random: Random, host: number): Disturbance {
  const call = random.one<WatchedCall>([
    'take',
    'append',
    'append',
    'claim',
    'claim',
    'complete',
    'complete',
    'upload',
  ]);
  const phase = random.one<'before' | 'acted'>(['before', 'acted', 'acted']);
  const hit: Hit = random.chance(0.8)
    ? { kind: 'kill', pauseMs: random.integer(0, 1500) }
    : { kind: 'freeze', forMs: random.integer(500, 5000) };
  return { what: 'trap', host, call, phase, hit };
}

function networkFault(random: Random, host: number): Disturbance {
  const { name, fault } = random.pick(networkFaults(random));
  return {
    what: 'network',
    host,
    name,
    fault,
    forMs: random.integer(800, 7000),
    cutWaiting: random.chance(0.7),
  };
}

/** Every choice is made, so that which one is picked does not shift the chances behind it. */
function networkFaults(random: Random): { name: string; weight: number; fault: NetworkFault }[] {
  const every = random.integer(1, 3);
  const of = (fault: FaultKind, call?: WatchedCall): NetworkFault => ({
    kind: 'requests',
    fault,
    every,
    ...(call && { call }),
  });
  const milliseconds = random.integer(200, 1500);
  const json = JSON.stringify({ timestamp: '2026-01-01T00:00:00Z', status: 500, message: 'Out of order' });
  const page = '<!DOCTYPE html><html><body>Sign in to the guest network</body></html>';
  const html = { 'content-type': 'text/html' };
  return [
    { name: 'refuses connections', weight: 3, fault: { kind: 'refuse' } },
    { name: 'resets before the platform hears', weight: 2, fault: of({ kind: 'reset-before' }) },
    { name: 'resets after the platform acted', weight: 4, fault: of({ kind: 'reset-after' }) },
    { name: 'accepts and never answers', weight: 2, fault: of({ kind: 'hang-before' }) },
    { name: 'drops the answer and stays silent', weight: 2, fault: of({ kind: 'hang-after' }) },
    { name: 'cuts answers', weight: 3, fault: of({ kind: 'cut', bytes: random.integer(0, 400) }) },
    { name: 'is slow', weight: 3, fault: of({ kind: 'delay', milliseconds }) },
    {
      name: 'answers late',
      weight: 3,
      fault: of({ kind: 'delay-answer', milliseconds: random.integer(2000, 9000) }),
    },
    {
      name: 'delivers log entries late',
      weight: 1,
      fault: of({ kind: 'deliver-late', milliseconds: random.integer(1000, 4000) }, 'append'),
    },
    {
      name: 'sends a byte a second',
      weight: 2,
      fault: of({ kind: 'trickle', chunkBytes: 1, everyMs: 1000 }),
    },
    {
      name: 'answers 429',
      weight: 2,
      fault: of({ kind: 'answer', status: 429, headers: { 'retry-after': '2' }, body: json }),
    },
    { name: 'answers 500', weight: 2, fault: of({ kind: 'answer', status: 500, body: json }) },
    { name: 'answers 503', weight: 1, fault: of({ kind: 'answer', status: 503, body: json }) },
    { name: 'answers 401', weight: 1, fault: of({ kind: 'answer', status: 401, body: json }) },
    {
      name: 'shows a sign-in page with status 200',
      weight: 2,
      fault: of({ kind: 'answer', status: 200, headers: html, body: page }),
    },
  ];
}

export function describeDisturbance(one: Disturbance): string {
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
  switch (one.what) {
    case 'kill':
      return `kill -9 agent ${one.host}, back after ${seconds(one.pauseMs)}`;
    case 'freeze':
      return `stop agent ${one.host} for ${seconds(one.forMs)}`;
    case 'drain':
      return `TERM agent ${one.host}, back after ${seconds(one.pauseMs)}`;
    case 'network': {
      const { fault } = one;
      const share = fault.kind === 'refuse' || fault.every === 1 ? '' : `, every ${fault.every}. request`;
      return `network of agent ${one.host} ${one.name} for ${seconds(one.forMs)}${share}`;
    }
    case 'trap': {
      const when =
        one.phase === 'before' ? 'before the platform hears' : 'when the platform acted, before the answer';
      const hit = one.hit.kind === 'kill' ? 'kill -9' : `stop for ${seconds(one.hit.forMs)}`;
      return `trap for agent ${one.host}: at its next ${one.call}, ${when}: ${hit}`;
    }
    case 'overtake':
      return `trap for agent ${one.host}: at its next claim: stop until another host has the task`;
    case 'platform-kill':
      return `kill -9 the platform, back after ${seconds(one.pauseMs)}`;
    case 'notes':
      return 'an outsider writes into the logs of READY tasks';
    case 'take-away':
      return 'an outsider gives a running task to somebody else';
  }
}
