import { bwrapArguments } from '../../src/agent/process/containment.ts';
import { Driver } from '../driver.ts';
import { queueTasks, startBenchAgent, startBenchPlatform, untilCompleted } from '../host.ts';
import { above, type Row } from '../measure.ts';
import { startTimer } from '../timer.ts';
import { withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const RUNS = 100;
const SLOTS = 2;
const SCRIPT = ['-c', 'echo ready'];

/** Runs that do nothing, one after the other in two slots: claimed, journalled, logged and settled. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const files = { 'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n' };
  // A platform each, so that the agent does not take the other's tasks.
  const [ours, others] = [
    await startBenchPlatform(workbench, files),
    await startBenchPlatform(workbench, files),
  ];
  const agent = await startBenchAgent(workbench, ours, { KUBOT_POLL_MIN_MS: '100' });
  const worker = new Driver(
    workbench.fork('bare/worker.mjs', [others.url, others.clientId, others.clientSecret]),
  );
  const timer = startTimer(workbench);
  const contained = bwrapArguments('sh', SCRIPT).filter((arg) => arg !== '--info-fd' && arg !== '3');
  return [
    {
      name: 'no-op runs, 2 slots',
      unit: '/s',
      limit: withTools(['bwrap', 'sh'], {
        name: 'bare Node starts `sh` in bubblewrap, two at a time',
        round: async () => {
          const env = { PATH: '/usr/bin:/bin' };
          return perSecond(
            await timer.time({ file: 'bwrap', args: contained, env, times: RUNS, parallel: SLOTS }),
          );
        },
      }),
      plain: withTools(['sh'], {
        name: 'a worker of 50 lines against the same platform: claim, `sh` with no sandbox, one entry, complete',
        round: async () => {
          await queueTasks(others, RUNS);
          return perSecond((await worker.ask({ tasks: RUNS })).ms);
        },
      }),
      ours: withTools(['sh'], {
        name: 'the agent, from the first claim to the last completion in the audit',
        round: async () => {
          const { claimedMs, completedMs } = await untilCompleted(ours, await queueTasks(ours, RUNS));
          return perSecond(Math.max(...completedMs) - Math.min(...claimedMs));
        },
      }),
      goal: above(41, '/s'),
      rounds: 5,
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

function perSecond(milliseconds: number): number {
  return (RUNS * 1000) / milliseconds;
}
