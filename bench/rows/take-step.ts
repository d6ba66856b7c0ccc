import { appendEntry, claimTask, readTask, startBareClient } from '../bare-client.ts';
import { Driver } from '../driver.ts';
import type { TakeJob } from '../drivers/take-tasks.ts';
import { queueTasks, startBenchPlatform } from '../host.ts';
import { atMostTimes, type Row } from '../measure.ts';
import type { Workbench } from '../workbench.ts';

const TASKS = 50;
const ENTRY = 'Taken by bench [take 7a2f3f0e-3f0e-4d0e-9b57-0f2f2a1f6d11 0123abcd]';

/** Makes tasks this host's, one after the other: looked at, announced, claimed, judged by the claim's own answer. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n',
  });
  const { url, clientId, clientSecret, principalId } = platform;
  const access = { url, clientId, clientSecret };
  const bare = startBareClient(workbench);
  const driver = new Driver(workbench.fork('drivers/take-tasks.ts'));
  const send = async (way: 'http' | 'fetch') => {
    const taskIds = await queueTasks(platform, TASKS);
    const requests = taskIds.flatMap((id) => [readTask(id), appendEntry(id, ENTRY), claimTask(id)]);
    return (await bare.send(way, access, requests)).ms / TASKS;
  };
  return [
    {
      name: 'take step',
      unit: 'ms',
      limit: {
        name: 'the three requests that it consists of, one after the other by bare `node:http`',
        round: () => send('http'),
      },
      plain: { name: 'the same by `fetch`', round: () => send('fetch') },
      ours: {
        name: 'the take: its requests, their answers read and judged, each step journalled before it is done',
        round: async () => {
          const job: TakeJob = {
            dir: workbench.folder('takes'),
            platform: { ...access, principalId },
            taskIds: await queueTasks(platform, TASKS),
          };
          return (await driver.ask(job)).ms / TASKS;
        },
      },
      goal: atMostTimes(3, 'limit', 'the limit'),
      rounds: 5,
      close: async () => {
        await driver.close();
        await bare.close();
        await platform.close();
      },
    },
  ];
}
