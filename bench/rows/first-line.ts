import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBlocks } from '../../src/agent/logs/read-run-log.ts';
import { bwrapArguments } from '../../src/agent/process/containment.ts';
import { runFolders } from '../../src/agent/runs/run-folders.ts';
import { queueTasks, startBenchAgent, startBenchPlatform, untilCompleted } from '../host.ts';
import { atMostOver, type Row } from '../measure.ts';
import { startTimer } from '../timer.ts';
import { withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const ENVIRONMENT = { PATH: '/usr/bin:/bin' };
const SCRIPT = ['-c', 'echo ready'];

/** From the platform's claim of a task to the robot's first line in the run log; its environment is ready. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const files = hundredFiles();
  const platform = await startBenchPlatform(workbench, files);
  const agent = await startBenchAgent(workbench, platform, { KUBOT_POLL_MIN_MS: '100' });
  const timer = startTimer(workbench);
  const packageDir = workbench.folder('package');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(packageDir, name), text);
  const contained = bwrapArguments('sh', SCRIPT).filter((arg) => arg !== '--info-fd' && arg !== '3');
  return [
    {
      name: 'claimed → first line',
      unit: 'ms',
      limit: withTools(['bwrap', 'sh'], {
        name: 'bare Node starts `sh` in bubblewrap, as we start it, and reads its first byte',
        round: () => timer.time({ file: 'bwrap', args: contained, env: ENVIRONMENT, until: '' }),
      }),
      plain: withTools(['sh'], {
        name: 'bare Node copies the 100 files, starts `sh` with no sandbox and writes its line to a file',
        round: async () => {
          const dir = workbench.folder('plain-run');
          const [copy, log] = [{ from: packageDir, to: join(dir, 'work') }, join(dir, 'log')];
          return await timer.time({ file: 'sh', args: SCRIPT, env: ENVIRONMENT, until: '\n', copy, log });
        },
      }),
      ours: withTools(['sh'], {
        name: 'the agent, from the claim in the audit to the line in the run log: announced, journalled, copied, contained',
        round: async () => {
          const [taskId = ''] = await queueTasks(platform, 1);
          const run = await agent.untilEnded(taskId);
          const { claimedMs } = await untilCompleted(platform, [taskId]);
          const { runLogPath } = runFolders(join(agent.home, 'runs'), run.id);
          return (await firstLineMs(runLogPath)) - (claimedMs[0] ?? Number.NaN);
        },
      }),
      goal: atMostOver(10, 'ms', 'the limit'),
      rounds: 20,
      close: async () => {
        await agent.close();
        await platform.close();
        await timer.close();
      },
    },
  ];
}

function hundredFiles(): Record<string, string> {
  const files: Record<string, string> = {
    'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n',
  };
  for (let at = 1; at < 100; at++) files[`part-${at}.txt`] = 'Something that a robot reads.\n'.repeat(70);
  return files;
}

async function firstLineMs(runLogPath: string): Promise<number> {
  for await (const { stream, timeMs } of readBlocks(runLogPath)) if (stream === 'stdout') return timeMs;
  throw new Error(`${runLogPath} has no line of the robot`);
}
