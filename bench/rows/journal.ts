import { Driver } from '../driver.ts';
import { queueTasks, startBenchAgent, startBenchPlatform } from '../host.ts';
import { atMostTimes, type Row } from '../measure.ts';
import { createJournalTeller } from '../teller.ts';
import { onLinux } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

/** A robot's lines are of 100 bytes. */
const MANY_LINES = `yes "$(printf '%099d' 7)" | head -n 1000`;

/** What the journal costs a run: all the time that a real agent's real runs spend in SQLite. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  return [
    await rowOf(workbench, 'a run of one line', 'echo ready', 30),
    await rowOf(workbench, 'a run of 1,000 lines', MANY_LINES, 6),
  ];
}

async function rowOf(workbench: Workbench, name: string, shell: string, runs: number): Promise<Row> {
  const bare = new Driver(workbench.fork('bare/commits.mjs'));
  const dir = workbench.folder('commits');
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': `operations:\n  - name: Run\n    shell: |\n      ${shell}\n`,
  });
  const teller = createJournalTeller(workbench);
  const agent = await startBenchAgent(workbench, platform, { KUBOT_POLL_MIN_MS: '500' }, teller.node);
  /** Of our last round: the others commit as often. */
  let commits = 0;
  const commit = async (way: 'file' | 'sqlite') => (await bare.ask({ way, dir, commits })).ms / runs;
  return {
    name: `journal, ${name}`,
    unit: 'ms',
    limit: {
      name: 'bare Node that writes 4 KB and syncs, as often as our run commits',
      round: () => commit('file'),
    },
    plain: {
      name: 'bare SQLite: one row, one statement that is ready, as often as our run commits',
      round: () => commit('sqlite'),
    },
    ours: onLinux({
      name: `all statements of the bundled agent, per run; ${runs} runs`,
      round: async () => {
        await teller.ask(agent.pid);
        const taskIds = await queueTasks(platform, runs);
        await Promise.all(taskIds.map((id) => agent.untilEnded(id)));
        const told = await teller.ask(agent.pid);
        commits = told.commits;
        return told.ms / runs;
      },
    }),
    goal: atMostTimes(3, 'plain', 'bare SQLite'),
    rounds: 3,
    close: async () => {
      await agent.close();
      await platform.close();
      await bare.close();
    },
  };
}
