import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startBenchAgent, startBenchPlatform } from '../host.ts';
import { atMostOver, type Contender, type Missing, type Row, under } from '../measure.ts';
import { residentMb } from '../memory.ts';
import { onLinux } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const POLLER = join(import.meta.dirname, '..', 'bare', 'poller.mjs');
/** What a start leaves in memory is collected by then. */
const SETTLE_MS = 10_000;
/** As a host asks that had nothing to do for a while. */
const POLL_MS = 15_000;
const WINDOW_MS = POLL_MS;
const NS_PER_MS = 1_000_000;

/** Agents that have nothing to do, all at the same time: their memory, and how much of a processor they take. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n',
  });
  const agent = await startBenchAgent(workbench, platform, { KUBOT_POLL_MIN_MS: String(POLL_MS) });
  const start = (args: string[]) =>
    workbench.spawn(process.execPath, args, { env: { PATH: process.env.PATH }, stdio: 'ignore' });
  const bare = start(['-e', 'setInterval(() => {}, 1e9)']);
  const poller = start([POLLER, platform.url, platform.clientId, platform.clientSecret, String(POLL_MS)]);
  await delay(SETTLE_MS);
  const contenders = (measureOf: (pid: number) => () => Promise<number>) => {
    const contender = (name: string, pid: number | undefined): Contender | Missing =>
      onLinux({ name, round: measureOf(pid ?? 0) });
    return {
      limit: contender('bare Node that waits', bare.pid),
      plain: contender('a script of 25 lines that registers, then asks every 15 s with fetch', poller.pid),
      ours: contender('the bundled agent, inbox alone, asking every 15 s as after idle minutes', agent.pid),
    };
  };
  return [
    {
      name: 'idle agent, memory',
      unit: 'MB',
      ...contenders((pid) => async () => {
        await delay(100);
        return residentMb(pid) ?? Number.NaN;
      }),
      goal: atMostOver(30, 'MB', 'bare Node'),
      rounds: 5,
    },
    {
      name: 'idle agent, processor',
      unit: '%',
      ...contenders(processorShare),
      goal: under(0.1, '%'),
      rounds: 2,
      close: async () => {
        bare.kill();
        poller.kill();
        await agent.close();
        await platform.close();
      },
    },
  ];
}

/** Its measure is the share of one processor since the time before; the windows of all overlap. */
function processorShare(pid: number): () => Promise<number> {
  let since = performance.now();
  let before = processorMs(pid);
  return async () => {
    await delay(Math.max(0, since + WINDOW_MS - performance.now()));
    const [now, used] = [performance.now(), processorMs(pid)];
    const share = (100 * (used - before)) / (now - since);
    [since, before] = [now, used];
    return share;
  };
}

/** All its threads' time on a processor; in nanoseconds, where `stat` counts in hundredths of a second. */
function processorMs(pid: number): number {
  const dir = `/proc/${pid}/task`;
  const threads = readdirSync(dir).map((id) => readFileSync(join(dir, id, 'schedstat'), 'utf8'));
  return threads.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / NS_PER_MS;
}
