import { afterEach, describe, expect, test } from 'vitest';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import { isAgentError } from '../../../src/shared/errors.ts';
import { createRandom, openTrack, type RacingHost, type Track, type TrackOptions } from './race-fixture.ts';

const HOSTS = 8;
const TASKS = 16;
/** After each the clock moves on by more than a take rests. */
const MOST_ROUNDS = 8;
/** Whoever pushes entries out of a short log all the time keeps everybody from a task: so many rounds, then it is quiet. */
const OUTSIDER_ROUNDS = 4;

let track: Track;
afterEach(() => track.close());

/** Who ran each task, and what became of those that nobody ran. */
interface Finish {
  runners: Map<string, string[]>;
  left: string[];
  stuck: string[];
}

/** All hosts want all tasks, in rounds, until none is READY. */
async function race(
  options: Partial<TrackOptions> & {
    outsider?: boolean;
    seed: number;
    /** Once the platform is there, before the race begins. */
    prepare?: (random: () => number) => void;
  },
): Promise<Finish> {
  const { outsider = false, seed, prepare, ...more } = options;
  track = await openTrack({ tasks: TASKS, hosts: HOSTS, credentials: 'shared', ...more });
  const random = createRandom(seed);
  prepare?.(random);
  const runners = new Map<string, string[]>(track.taskIds.map((id) => [id, []]));
  let open = [...track.taskIds];
  for (let round = 0; open.length > 0 && round < MOST_ROUNDS; round++) {
    await Promise.all(
      open.map((taskId) => raceForOne(taskId, runners, random, outsider && round < OUTSIDER_ROUNDS)),
    );
    track.advance(61_000);
    open = await inState('READY');
  }
  const claimed = await inState('CLAIMED');
  const stuck = claimed.filter((id) => runners.get(id)?.length === 0);
  return { runners, left: open, stuck };
}

async function raceForOne(
  taskId: string,
  runners: Map<string, string[]>,
  random: () => number,
  outsider: boolean,
): Promise<void> {
  // All at once, or one after another.
  const spreadMs = random() < 0.5 ? 2 : 12;
  const waits = track.hosts.map(() => random() * spreadMs);
  const write = outsider ? Array.from({ length: 4 }, () => random() * 2 * spreadMs) : [];
  await Promise.all([
    ...track.hosts.map(async (host, index) => {
      await pause(waits[index] ?? 0);
      if (await takes(host, taskId)) runners.get(taskId)?.push(host.name);
    }),
    ...write.map(async (milliseconds) => {
      await pause(milliseconds);
      await writeAsOutsider(taskId);
    }),
  ]);
}

/** A host that cannot reach the platform has not taken the task. */
async function takes(host: RacingHost, taskId: string): Promise<boolean> {
  try {
    return (await host.take(taskId)).taken;
  } catch (error) {
    if (isAgentError(error)) return false;
    throw error;
  }
}

async function writeAsOutsider(taskId: string): Promise<void> {
  const path = `${track.kuflow.platform.url}/v2024-06-14/process-items/${taskId}/task/~actions/append-log`;
  const { clientId, clientSecret } = track.kuflow.platform;
  const response = await fetch(path, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ message: 'A note by somebody else', level: 'INFO' }),
  });
  await response.body?.cancel();
}

async function inState(state: 'READY' | 'CLAIMED'): Promise<string[]> {
  const { kuflow, taskIds } = track;
  const client = kuflow.createClient({ endpoint: kuflow.platform.url });
  const found = await client.findTasks({ states: [state], definitionCodes: [], tenantId: null, limit: 1000 });
  return found.map(({ id }) => id).filter((id) => taskIds.includes(id));
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const twice = ({ runners }: Finish) => [...runners].filter(([, names]) => names.length > 1);
const once = ({ runners }: Finish) => [...runners].filter(([, names]) => names.length === 1).length;

const SERVERS = (['shared', 'own'] as const).flatMap((credentials) =>
  ([200, 409] as const).flatMap((secondClaim) =>
    [true, false].flatMap((appendOnReady) =>
      [2, 500].map((logBound) => {
        const behaviour: Partial<PlatformBehaviour> = { secondClaim, appendOnReady, logBound };
        return {
          name: `${credentials} credentials, second claim ${secondClaim}, ${appendOnReady ? '' : 'no '}entries on READY, ${logBound} kept`,
          credentials,
          behaviour,
        };
      }),
    ),
  ),
);

describe.each(SERVERS)('eight hosts that race for 16 tasks: $name', ({ name, credentials, behaviour }) => {
  test.each([
    { outsider: false, alone: 'alone' },
    { outsider: true, alone: 'while an outsider writes to their logs' },
  ])('run each once, $alone', async ({ outsider }) => {
    const finish = await race({ credentials, behaviour, outsider, seed: name.length });
    expect(twice(finish)).toEqual([]);
    expect(finish.left).toEqual([]);
    // Between a claim and the entry that follows it a log of two entries loses what tells who has the task: nobody does.
    const maybeLost = behaviour.logBound === 2 && !behaviour.appendOnReady;
    expect(once(finish) + (maybeLost ? finish.stuck.length : 0)).toBe(TASKS);
  });
});

describe.each([
  { secondClaim: 200, appendOnReady: true },
  { secondClaim: 409, appendOnReady: true },
  { secondClaim: 200, appendOnReady: false },
] as const)('eight hosts whose calls are lost and delayed: $secondClaim, $appendOnReady', (behaviour) => {
  test('run each task at most once', async () => {
    const finish = await race({
      behaviour,
      proxied: true,
      timeoutMs: 400,
      seed: 7,
      prepare: (random) => {
        const { proxy } = track.kuflow;
        const often = (share: number) => () => random() < share;
        proxy.add({ kind: 'reset-after', match: often(0.06), times: 1000 });
        proxy.add({ kind: 'reset-before', match: often(0.06), times: 1000 });
        proxy.add({ kind: 'hang-after', match: often(0.02), times: 20 });
        proxy.add({ kind: 'deliver-late', milliseconds: 500, match: often(0.02), times: 20 });
        proxy.add({ kind: 'delay-answer', milliseconds: 30, match: often(0.1), times: 1000 });
        proxy.add({ kind: 'answer', status: 500, match: often(0.04), times: 1000 });
      },
    });
    expect(twice(finish)).toEqual([]);
    expect(once(finish)).toBeGreaterThan(0);
    expect(track.kuflow.proxy.requests.filter(({ fault }) => fault !== null).length).toBeGreaterThan(20);
  });
});

describe('a host that is frozen for more than a minute', () => {
  async function openFrozen(behaviour: Partial<PlatformBehaviour> = {}) {
    track = await openTrack({ tasks: 1, hosts: 2, credentials: 'shared', behaviour });
    const [slow, quick] = track.hosts;
    const [taskId] = track.taskIds;
    if (!slow || !quick || !taskId) throw new Error('Nobody to race');
    const meanwhile = async () => {
      track.advance(61_000);
      return await quick.take(taskId);
    };
    return { slow, taskId, meanwhile };
  }

  test.each([200, 409] as const)(
    'on the way to its claim does not run what another took meanwhile: second claim %i',
    async (secondClaim) => {
      const { slow, taskId, meanwhile } = await openFrozen({ secondClaim });
      let other: unknown = null;
      const claimTask: RacingHost['client']['claimTask'] = async (id) => {
        other = await meanwhile();
        return await slow.client.claimTask(id);
      };
      expect(await slow.take(taskId, { client: { ...slow.client, claimTask } })).toMatchObject({
        taken: false,
        message: 'PC-1 was first to take the task.',
      });
      expect(other).toMatchObject({ taken: true });
    },
  );

  test('before its claim makes none', async () => {
    const { slow, taskId } = await openFrozen();
    const appendLog: RacingHost['client']['appendLog'] = async (id, entry) => {
      const answer = await slow.client.appendLog(id, entry);
      track.advance(31_000);
      return answer;
    };
    expect(await slow.take(taskId, { client: { ...slow.client, appendLog } })).toMatchObject({
      taken: false,
      message: 'This host was too slow: others may have taken the task since.',
    });
    expect(track.kuflow.mutations(taskId).map(({ operation }) => operation)).not.toContain(
      'claimProcessItemTask',
    );
  });

  test('after its look does not run what another took meanwhile', async () => {
    const { slow, taskId, meanwhile } = await openFrozen();
    let looks = 0;
    let other: unknown = null;
    const retrieveTask: RacingHost['client']['retrieveTask'] = async (id) => {
      const task = await slow.client.retrieveTask(id);
      if (looks++ === 0) other = await meanwhile();
      return task;
    };
    expect(await slow.take(taskId, { client: { ...slow.client, retrieveTask } })).toMatchObject({
      taken: false,
      code: 'TAKEN_ELSEWHERE',
    });
    expect(other).toMatchObject({ taken: true });
  });

  test('with the answer to its claim looks again before it runs', async () => {
    const { slow, taskId } = await openFrozen();
    let looks = 0;
    const client: RacingHost['client'] = {
      ...slow.client,
      claimTask: async (id) => {
        const answer = await slow.client.claimTask(id);
        track.advance(31_000);
        return answer;
      },
      retrieveTask: async (id) => {
        looks++;
        return await slow.client.retrieveTask(id);
      },
    };
    expect(await slow.take(taskId, { client })).toMatchObject({ taken: true });
    expect(looks).toBe(2);
  });
});
