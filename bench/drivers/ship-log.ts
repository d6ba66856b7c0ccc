import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openJournal } from '../../src/agent/journal/open-journal.ts';
import { createKuFlowClient } from '../../src/agent/kuflow/create-client.ts';
import { startShipper } from '../../src/agent/logs/shipper.ts';
import { SettingsSchema } from '../../src/shared/settings.ts';
import { aRun } from '../../test/helpers/a-run.ts';
import type { BareRequest, PlatformAccess } from '../bare-client.ts';
import { errorText } from '../driver.ts';
import { silentLog } from '../silent-log.ts';

// Ships a run log that lies on the disk to a task, as an agent does that has just started again: from the position
// in its journal, with the budget of the settings.

export interface ShipJob {
  dir: string;
  runLogPath: string;
  platform: PlatformAccess;
  taskId: string;
  processId: string;
  /** Since the run began: entries are spaced after the first ten seconds of a run. */
  ranMs: number;
  /** Where the requests go too, for somebody who sends the same; null: nowhere. */
  recordDir: string | null;
}

/** Only the file's name in `recordDir`; the task's and the process's ids are as they were. */
export const RECORD = 'requests.json';

const settings = SettingsSchema.parse({});

process.on('message', async (job: ShipJob) => {
  try {
    process.send?.(await ship(job));
  } catch (error) {
    process.send?.({ error: errorText(error) });
  }
});
process.on('disconnect', () => process.exit());

async function ship({ dir, runLogPath, platform, taskId, processId, ranMs, recordDir }: ShipJob) {
  const journal = openJournal(join(dir, 'journal.db'));
  const run = aRun({ taskId, processId, state: 'settling' });
  journal.runs.insert(run, `${taskId}/1`);
  const recorded: BareRequest[] = [];
  let requests = 0;
  const client = createKuFlowClient({
    endpoint: platform.url,
    credentials: platform,
    log: silentLog,
    fetch: async (request) => {
      requests++;
      if (recordDir !== null) recorded.push(await record(request.clone(), recordDir, requests));
      return await fetch(request);
    },
  });
  await client.claimTask(taskId);
  [requests, recorded.length] = [0, 0];
  const [began, used] = [performance.now(), process.cpuUsage()];
  const shipper = startShipper({
    runId: run.id,
    taskId,
    processId,
    hostName: 'bench',
    runLogPath,
    api: {
      appendLog: (id, entry) => client.appendLog(id, entry),
      readTask: (id) => client.retrieveTask(id),
      uploadDocument: (id, document) => client.uploadDocument(id, document),
    },
    position: {
      load: () => journal.runs.loadShipping(run.id),
      save: (position) => journal.runs.saveShipping(run.id, position),
    },
    maxEntries: settings.logMaxEntries,
    entryBytes: settings.logEntryBytes,
    // The space between entries is no work: whoever sends as many has it too.
    intervalMs: 0,
    heartbeatMs: settings.logHeartbeatMs,
    documentMaxBytes: settings.logDocumentMaxBytes,
    runTimeoutMs: settings.runTimeoutMs,
    startedAtMs: performance.now() - ranMs,
    resume: true,
    knownBound: null,
    now: () => performance.now(),
    sleep: async (milliseconds, signal) => {
      await delay(milliseconds, undefined, signal && { signal }).catch(() => {});
    },
    random: Math.random,
    onStopped: ({ message }) => {
      throw new Error(message);
    },
  });
  await shipper.finish({ outcome: 'succeeded', summary: 'Succeeded.', keepUntil: null });
  const { user, system } = process.cpuUsage(used);
  const ms = performance.now() - began;
  journal.close();
  if (recordDir !== null) writeFileSync(join(recordDir, RECORD), JSON.stringify(recorded));
  return { ms, cpuMs: (user + system) / 1000, requests };
}

async function record(request: Request, dir: string, number: number): Promise<BareRequest> {
  const { pathname, search } = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer());
  const bodyPath = join(dir, `body-${number}`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(bodyPath, body);
  return {
    method: request.method,
    path: pathname.replace(/^\/v[^/]+/, '') + search,
    contentType: request.headers.get('content-type') ?? 'application/json',
    ...(body.length > 0 && { bodyPath }),
  };
}
