import { describe, expect, test, vi } from 'vitest';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import type { RunDetails } from '../../../src/shared/run.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, type LabTask, nodeRobot, startLab } from '../../helpers/lab.ts';
import { linesTold } from './told.ts';
import { waitingRobot } from './waiting-robot.ts';

// What no public source says of the platform: the agent works under either answer.

const WORKS = waitingRobot({
  before: `
    const log = (message, level) =>
      call('/process-items/' + KUFLOW_TASK_ID + '/task/~actions/append-log', 'POST', { message, level });
    console.log('line 1');
    await log('an entry of the robot', 'WARN');
    console.log('line 2');
    await call('/process-items/' + KUFLOW_TASK_ID + '/task/data', 'PUT', { data: { value: { sum: 42 } } });
    console.log('line 3');
    process.exit(0);
  `,
});
const FAILS = nodeRobot(`console.log('line 1'); console.error('ERROR row 7 has no total'); process.exit(3);`);
const COMPLETES = waitingRobot({
  before: `
    console.log('line 1');
    await call('/process-items/' + KUFLOW_TASK_ID + '/task/~actions/complete', 'POST');
    console.log('line 2');
    process.exit(0);
  `,
});

interface Ended {
  run: RunDetails;
  task: LabTask;
}

interface World {
  lab: Lab;
  /** Status of each answer to a download of a package, in order. */
  downloads: (number | null)[];
  works: Ended;
  fails: Ended;
  completes: Ended;
}

/** What all switches leave as it is. */
function expectTheSame({ lab, works, fails, completes }: World): void {
  const last = ({ task }: Ended) => task.entries.at(-1)?.message;
  const ends = [works, fails, completes].map(({ run, task }) => [
    task.state,
    run.outcome,
    run.error?.code ?? null,
    run.settled?.action,
    run.attempt,
  ]);
  expect(ends).toEqual([
    ['COMPLETED', 'succeeded', null, 'completed', 1],
    ['CLAIMED', 'failed', 'ROBOT_EXIT', 'kept', 1],
    ['COMPLETED', 'succeeded', null, 'completed', 1],
  ]);
  expect(works.task.data).toEqual({ sum: 42 });
  expect(last(works)).toContain('[end succeeded]');
  expect(last(fails)).toContain('[ROBOT_EXIT]');
  for (const { task } of [works, fails, completes]) {
    const changes = lab.mutations(task.id).filter((operation) => /claim|complete|assign/i.test(operation));
    expect(changes).toEqual([
      'claimProcessItemTask',
      ...(task.state === 'COMPLETED' ? ['completeProcessItemTask'] : []),
    ]);
  }
}

const whole = ({ works, fails }: World) => {
  expect(linesTold(works.task, works.run).filter((line) => /^line \d$/.test(line))).toEqual([
    'line 1',
    'line 2',
    'line 3',
  ]);
  expect(works.task.entries.map(({ message }) => message)).toContain('an entry of the robot');
  expect(linesTold(fails.task, fails.run)).toContain('ERROR row 7 has no total');
};

const warned = async (lab: Lab, run: RunDetails) =>
  (await lab.logText(run)).split('\n').filter((line) => line.startsWith('WARN '));

const isDownload = (path: string) => path.endsWith('download-source-code');

/** True for the first request to each path. */
function firstOfEach(paths: RegExp): (path: string) => boolean {
  const seen = new Set<string>();
  return (path) => {
    if (!paths.test(path) || seen.has(path)) return false;
    seen.add(path);
    return true;
  };
}

/** Each unknown by itself, the rest as it is by default; `also` is what must show of this one. */
const SWITCHES: { is: string; behaviour: Partial<PlatformBehaviour>; also?: (world: World) => unknown }[] = [
  { is: 'all is as by default', behaviour: {}, also: whole },
  { is: 'a second claim is refused', behaviour: { secondClaim: 409 }, also: whole },
  { is: 'a second completion is refused', behaviour: { secondComplete: 409 }, also: whole },
  { is: 'READY tasks take no entries', behaviour: { appendOnReady: false }, also: whole },
  {
    is: 'ended tasks take no entries',
    behaviour: { appendOnEnded: false },
    also: async (world) => {
      whole(world);
      const { decisions } = await world.lab.agent.handlers.why({ id: world.completes.run.id });
      expect(decisions.map(({ code }) => code)).toContain('LOG_REFUSED');
      expect(await world.lab.logText(world.completes.run)).toContain('INFO line 2');
    },
  },
  {
    is: 'a task keeps 5 entries',
    behaviour: { logBound: 5 },
    also: ({ works, fails, completes }) => {
      for (const { task } of [works, fails, completes]) expect(task.entries.length).toBeLessThanOrEqual(5);
    },
  },
  {
    is: 'hashes are SHA-512 in base64',
    behaviour: { hashAlgorithm: 'sha512', hashForm: 'base64' },
    also: whole,
  },
  {
    is: 'hashes are SHA-1 with a prefix',
    behaviour: { hashAlgorithm: 'sha1', hashForm: 'prefixed' },
    also: whole,
  },
  { is: 'hashes are MD5 in hex', behaviour: { hashAlgorithm: 'md5' }, also: whole },
  {
    is: 'hashes are something unknown',
    behaviour: { hashForm: 'unknown' },
    also: async (world) => {
      whole(world);
      expect((await warned(world.lab, world.works.run)).join('\n')).toMatch(/hash/i);
    },
  },
  {
    is: 'downloads take no Range',
    behaviour: { range: false },
    also: (world) => {
      whole(world);
      expect(world.downloads).toEqual([200, 200, 200, 200, 200, 200]);
    },
  },
  {
    is: 'workers are to register each second',
    behaviour: { delayWindowSeconds: 1 },
    also: async (world) => {
      whole(world);
      const registrations = () =>
        world.lab.platform.audit().filter(({ operation }) => operation === 'createWorker');
      await vi.waitFor(() => expect(registrations().length).toBeGreaterThan(2), { timeout: 30_000 });
    },
  },
  { is: 'nobody says when to register', behaviour: { delayWindowSeconds: null }, also: whole },
  { is: 'answers are those of R24', behaviour: { shape: 'r24', acceptR26Names: false }, also: whole },
  { is: 'answers are those of R26', behaviour: { shape: 'r26', acceptR24Names: false }, also: whole },
];

describe('a platform of which', () => {
  // Side by side: most of the time of each goes by in waits.
  test.concurrent.each(SWITCHES)('$is: the same robots end the same way', async ({ behaviour, also }) => {
    const proxies: FaultProxy[] = [];
    const lab = await startLab({
      robots: { WORKS, FAILS, COMPLETES },
      settings: { maxConcurrentRuns: 3 },
      behaviour,
      endpointOf: async ({ url }) => {
        const proxy = await startFaultProxy({ target: url });
        proxies.push(proxy);
        // Answers that are lost are what brings second claims, second completions and second downloads about.
        const isFirst = firstOfEach(/\/(claim|complete|download-source-code)$/);
        const times = Number.POSITIVE_INFINITY;
        proxy.add({
          kind: 'cut',
          bytes: 100,
          times,
          match: (_method, path) => isDownload(path) && isFirst(path),
        });
        proxy.add({ kind: 'reset-after', times, match: (_method, path) => isFirst(path) });
        return proxy.url;
      },
    });
    const ended = async (code: string): Promise<Ended> => {
      const { id } = await lab.task(code);
      const run = await lab.until(id, 'ended');
      return { run, task: await lab.task(id) };
    };
    try {
      const [works, fails, completes] = await Promise.all(['WORKS', 'FAILS', 'COMPLETES'].map(ended));
      if (!works || !fails || !completes) throw new Error('A run is missing');
      const requests = proxies.flatMap((proxy) => proxy.requests);
      const downloads = requests.filter(({ path }) => isDownload(path)).map(({ status }) => status);
      const world = { lab, downloads, works, fails, completes };
      expectTheSame(world);
      await also?.(world);
    } finally {
      await lab.close();
      for (const proxy of proxies) await proxy.close();
    }
  });
});
