import { join } from 'node:path';
import { agentCommand, startBenchPlatform } from '../host.ts';
import { type Row, under } from '../measure.ts';
import { startTimer } from '../timer.ts';
import type { Workbench } from '../workbench.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const POLLER = join(import.meta.dirname, '..', 'bare', 'poller.mjs');

/** From the start of the agent, in a home that it knows, to its registration as a worker. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n',
  });
  const bundled = agentCommand(platform, workbench.folder('start'));
  const timer = startTimer(workbench);
  const env = { PATH: bundled.env.PATH };
  const node = process.execPath;
  const limit = {
    name: 'bare Node: `node -e 0` to its end',
    round: () => timer.time({ file: node, args: ['-e', '0'], env }),
  };
  const plain = {
    name: 'a script of 25 lines that registers with fetch',
    round: () => {
      const args = [POLLER, platform.url, platform.clientId, platform.clientSecret];
      return timer.time({ file: node, args, env, until: 'registered' });
    },
  };
  const agent = (script: string) => {
    const args = bundled.args.map((arg) => (arg === bundled.script ? script : arg));
    return timer.time({ file: node, args, env: bundled.env, until: '"registered"' });
  };
  return [
    {
      name: 'start → registered',
      unit: 'ms',
      limit,
      plain,
      ours: {
        name: 'the bundled agent: home locked, journal open, gateway listening',
        round: () => agent(bundled.script),
      },
      goal: under(400, 'ms'),
      rounds: 10,
    },
    {
      name: 'start → registered, from a checkout',
      unit: 'ms',
      limit,
      plain,
      ours: { name: 'the same from the sources, with the compile cache filled', round: () => agent(MAIN) },
      goal: under(800, 'ms'),
      rounds: 5,
      close: async () => {
        await timer.close();
        await platform.close();
      },
    },
  ];
}
