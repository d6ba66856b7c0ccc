import { Driver } from '../driver.ts';
import type { ApiClientJob } from '../drivers/api-client.ts';
import type { ApiServer, ApiServerJob } from '../drivers/api-server.ts';
import type { Goal, Row } from '../measure.ts';
import type { Workbench } from '../workbench.ts';

const CALLS = 3000;
const MB = 1024 * 1024;
const BYTES = 256 * MB;

/** Calls of a robot, eight at a time, and one document up and down: directly, and through the gateway. All by TLS. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const api = await start(workbench, 'api', null);
  const proxy = await start(workbench, 'proxy', api);
  const gateway = await start(workbench, 'gateway', api);
  const client = new Driver(workbench.fork('drivers/api-client.ts'));
  const row = (name: string, work: ApiClientJob['work'], amount: number, goal: Goal): Row => {
    const round = (server: ApiServer) => async () => {
      const { ms } = await client.ask({ server, work, amount } satisfies ApiClientJob);
      return ((work === 'calls' ? amount : amount / MB) * 1000) / ms;
    };
    return {
      name,
      unit: work === 'calls' ? '/s' : 'MB/s',
      limit: { name: 'Node asks the API itself', round: round(api) },
      plain: { name: 'a proxy of ten lines between them, which looks at nothing', round: round(proxy) },
      ours: { name: 'the gateway between them, each call in the journal', round: round(gateway) },
      goal,
      rounds: 5,
    };
  };
  return [
    row('gateway, calls', 'calls', CALLS, atLeast(0.5, 'plain', 'the plain proxy')),
    row('gateway, a document up', 'upload', BYTES, atLeast(0.9, 'plain', 'the plain proxy')),
    {
      ...row('gateway, a document down', 'download', BYTES, atLeast(0.9, 'plain', 'the plain proxy')),
      close: () => client.close(),
    },
  ];
}

/** The process ends with the bench. */
async function start(
  workbench: Workbench,
  role: ApiServerJob['role'],
  upstream: ApiServer | null,
): Promise<ApiServer> {
  const child = workbench.fork('drivers/api-server.ts');
  const job: ApiServerJob = { role, dir: workbench.folder(role), upstream };
  return await new Promise((resolve, reject) => {
    child.once('message', (answer: ApiServer | { error: string }) => {
      if ('error' in answer) reject(new Error(answer.error));
      else resolve(answer);
    });
    child.once('exit', () => reject(new Error(`${role} ended before it listened`)));
    child.send(job);
  });
}

function atLeast(share: number, other: 'limit' | 'plain', name: string): Goal {
  return {
    text: `at least ${share}× ${name}`,
    isMet: ({ ours, ...others }) => {
      const base = others[other];
      return base === null ? null : ours >= share * base;
    },
  };
}
