import { join } from 'node:path';
import { bwrapArguments } from '../../src/agent/process/containment.ts';
import type { RunningPlatform } from '../../src/platform/start-platform.ts';
import { Driver } from '../driver.ts';
import { type Holding, measureGrowth, type Subject, WARM_UP } from '../growth.ts';
import { queueTasks, startBenchAgent, startBenchPlatform } from '../host.ts';
import { atMost, type Contender, type Missing, type Row } from '../measure.ts';
import type { BenchOptions } from '../options.ts';
import { createMemoryTeller } from '../teller.ts';
import { startTimer } from '../timer.ts';
import { isHere, onLinux, withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

/** So many tasks are READY at once: how long a platform's lists are is not what is measured. */
const PORTION = 100;
const SLOTS = 2;
const SCRIPT = ['-c', 'echo ready'];
/** Pipes for robots are kept ready, eleven times two with both their ends at most. */
const POOLED_DESCRIPTORS = 44;

/** Who does the runs, with the tools that it needs for them. */
type Runner = Subject & { tools: readonly string[] };

/** Runs that do nothing, very many of them: what a process holds after them and did not hold before. */
export async function createRows(workbench: Workbench, { runs }: BenchOptions): Promise<Row[]> {
  const files = { 'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n' };
  const [ours, others] = [
    await startBenchPlatform(workbench, files),
    await startBenchPlatform(workbench, files),
  ];
  const [bare, script, agents] = [0, 1, 2].map(() => createMemoryTeller(workbench));
  if (!bare || !script || !agents) throw new Error('Three processes tell their memory');
  const agent = await startBenchAgent(workbench, ours, { KUBOT_POLL_MIN_MS: '100' }, agents.node);
  const timer = startTimer(workbench, bare.node);
  const scriptArgs = [others.url, others.clientId, others.clientSecret];
  const scriptChild = workbench.fork('bare/worker.mjs', scriptArgs, script.node);
  const worker = new Driver(scriptChild);
  const contained = bwrapArguments('sh', SCRIPT).filter((arg) => arg !== '--info-fd' && arg !== '3');
  const env = { PATH: '/usr/bin:/bin' };
  const told = runs.toLocaleString('en');
  const runners: Record<'limit' | 'plain' | 'ours', Runner> = {
    limit: {
      name: 'bare Node that starts `sh` in bubblewrap as often',
      tools: ['bwrap', 'sh'],
      pid: timer.pid,
      memory: bare,
      tmp: null,
      run: (times) => timer.time({ file: 'bwrap', args: contained, env, times, parallel: SLOTS }),
    },
    plain: {
      name: 'the worker of 50 lines',
      tools: ['sh'],
      pid: scriptChild.pid ?? 0,
      memory: script,
      tmp: null,
      run: (times) => inPortions(others, times, (taskIds) => worker.ask({ tasks: taskIds.length })),
    },
    ours: {
      name: `the bundled agent, after ${told} runs more than its first ${WARM_UP}`,
      tools: ['sh'],
      pid: agent.pid,
      memory: agents,
      tmp: { dir: join(agent.home, '..'), kept: join(agent.home, 'runs') },
      run: (times) =>
        inPortions(ours, times, (taskIds) => Promise.all(taskIds.map((id) => agent.untilEnded(id)))),
    },
  };
  // All rows tell of the same runs.
  let growth: Promise<Map<Runner, Holding>> | undefined;
  const growthOf = async (runner: Runner) => {
    growth ??= measureGrowth(Object.values(runners).filter(isHere), runs);
    return (await growth).get(runner);
  };
  const contenderOf = (who: keyof typeof runners, field: keyof Holding): Contender | Missing => {
    const runner = runners[who];
    const { name, tools, tmp } = runner;
    if (field === 'folders' && tmp === null) return { name, missing: 'makes none' };
    const contender = { name, round: async () => (await growthOf(runner))?.[field] ?? Number.NaN };
    return isHere(runner) ? onLinux(contender) : withTools(tools, contender);
  };
  const row = (what: string, unit: Row['unit'], field: keyof Holding, most: number): Row => ({
    name: `${told} short runs, ${what}`,
    unit,
    limit: contenderOf('limit', field),
    plain: contenderOf('plain', field),
    ours: contenderOf('ours', field),
    goal: atMost(most, unit),
    rounds: 1,
  });
  return [
    row('more memory', 'MB', 'residentMb', 20),
    row('more in the heap', 'MB', 'heapMb', 20),
    row('more descriptors', '', 'descriptors', POOLED_DESCRIPTORS),
    {
      ...row('more temporary folders', '', 'folders', 0),
      close: async () => {
        await agent.close();
        await worker.close();
        await timer.close();
        await ours.close();
        await others.close();
      },
    },
  ];
}

async function inPortions(
  platform: RunningPlatform,
  times: number,
  work: (taskIds: string[]) => Promise<unknown>,
): Promise<void> {
  for (let left = times; left > 0; left -= PORTION)
    await work(await queueTasks(platform, Math.min(left, PORTION)));
}
