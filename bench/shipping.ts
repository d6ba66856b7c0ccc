import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRunLog } from '../src/agent/logs/log-pipeline.ts';
import type { RunningPlatform } from '../src/platform/start-platform.ts';
import { type BareClient, type BareRequest, claimTask, startBareClient } from './bare-client.ts';
import { Driver, type Finding } from './driver.ts';
import { RECORD, type ShipJob } from './drivers/ship-log.ts';
import { queueTasks, startBenchPlatform } from './host.ts';
import type { Workbench } from './workbench.ts';

export const LINE_BYTES = 100;

/** A run log on the disk, and who ships it to a task of its own each time. */
export interface Shipping {
  readonly bare: BareClient;
  readonly platform: RunningPlatform;
  /** Ships as the agent does. */
  ship(): Promise<Finding>;
  /** Sends what `ship` sends, by a bare client: its own requests, with nothing read, packed or journalled. */
  sendSame(): Promise<Awaited<ReturnType<BareClient['send']>>>;
  /** The lines of the run log as a text. */
  readonly textPath: string;
  /** A task that this principal has claimed. */
  claimedTask(): Promise<string>;
  /** Where a document of a new process is posted to. */
  uploadUrl(): Promise<string>;
  close(): Promise<void>;
}

/** @param ranMs how long ago the run began */
export async function openShipping(
  workbench: Workbench,
  { lines, ranMs }: { lines: number; ranMs: number },
): Promise<Shipping> {
  const runDir = workbench.folder('run');
  const [runLogPath, textPath] = [join(runDir, 'run.log'), join(runDir, 'lines.txt')];
  writeRunLog(runLogPath, textPath, lines);
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n',
  });
  const bare = startBareClient(workbench);
  const driver = new Driver(workbench.fork('drivers/ship-log.ts'));
  const { url, clientId, clientSecret } = platform;
  const access = { url, clientId, clientSecret };
  const processOf = new Map<string, string>();
  const newTask = async () => {
    const [taskId = ''] = await queueTasks(platform, 1);
    processOf.set(taskId, await processIdOf(platform, taskId));
    return taskId;
  };
  const claimedTask = async () => {
    const taskId = await newTask();
    await bare.send('http', access, [claimTask(taskId)]);
    return taskId;
  };
  const ship = async (taskId: string, recordDir: string | null) => {
    const job: ShipJob = {
      dir: workbench.folder('journal'),
      runLogPath,
      platform: access,
      taskId,
      processId: processOf.get(taskId) ?? '',
      ranMs,
      recordDir,
    };
    return await driver.ask(job);
  };
  const recordedId = await newTask();
  const recordDir = workbench.folder('requests');
  await ship(recordedId, recordDir);
  const recorded = JSON.parse(readFileSync(join(recordDir, RECORD), 'utf8')) as BareRequest[];
  return {
    bare,
    platform,
    textPath,
    claimedTask,
    uploadUrl: async () => {
      const processId = processOf.get(await newTask());
      const query = 'fileName=run.log.gz&fileContentType=application/gzip';
      return `${url}/v2024-06-14/processes/${processId}/~actions/upload-document?${query}`;
    },
    ship: async () => await ship(await newTask(), null),
    sendSame: async () => {
      const taskId = await claimedTask();
      const [oldProcess = '', newProcess = ''] = [processOf.get(recordedId), processOf.get(taskId)];
      const requests = recorded.map((request) => ({
        ...request,
        path: request.path.replace(recordedId, taskId).replace(oldProcess, newProcess),
      }));
      return await bare.send('http', access, requests);
    },
    close: async () => {
      await driver.close();
      await bare.close();
      await platform.close();
    },
  };
}

function writeRunLog(path: string, textPath: string, lines: number): void {
  const log = createRunLog({ path, secrets: [], now: Date.now });
  const portion = 1000;
  for (let line = 1; line <= lines; line += portion) {
    const count = Math.min(portion, lines - line + 1);
    const texts = Array.from({ length: count }, (_, at) =>
      `2026-01-01 12:00:00,000 INFO step ${line + at} is done, ${((line + at) * 7919) % 10_007}`.padEnd(
        LINE_BYTES - 1,
        '.',
      ),
    );
    const bytes = Buffer.from(`${texts.join('\n')}\n`);
    log.write('stdout', bytes);
    appendFileSync(textPath, bytes);
  }
  log.end();
}

async function processIdOf({ url, clientId, clientSecret }: RunningPlatform, taskId: string) {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const answer = await fetch(`${url}/v2024-06-14/process-items/${taskId}`, { headers: { authorization } });
  return ((await answer.json()) as { processId: string }).processId;
}
