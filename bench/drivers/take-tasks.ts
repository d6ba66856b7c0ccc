import { join } from 'node:path';
import { openJournal } from '../../src/agent/journal/open-journal.ts';
import { createKuFlowClient } from '../../src/agent/kuflow/create-client.ts';
import { takeTask } from '../../src/agent/tasks/take.ts';
import { TakeMemory } from '../../src/agent/tasks/take-memory.ts';
import { aRun } from '../../test/helpers/a-run.ts';
import type { PlatformAccess } from '../bare-client.ts';
import { errorText } from '../driver.ts';
import { timed } from '../measure.ts';
import { silentLog } from '../silent-log.ts';

// Takes tasks as a run does, one after the other, with a journal of its own.

export interface TakeJob {
  dir: string;
  platform: PlatformAccess & { principalId: string };
  taskIds: string[];
}

process.on('message', async (job: TakeJob) => {
  try {
    process.send?.({ ms: await take(job) });
  } catch (error) {
    process.send?.({ error: errorText(error) });
  }
});
process.on('disconnect', () => process.exit());

async function take({ dir, platform, taskIds }: TakeJob): Promise<number> {
  const journal = openJournal(join(dir, 'journal.db'));
  const client = createKuFlowClient({ endpoint: platform.url, credentials: platform, log: silentLog });
  const memory = new TakeMemory(client.endpoint, journal.host, Date.now);
  const runs = taskIds.map((taskId) => aRun({ taskId }));
  for (const run of runs) journal.runs.insert(run, `${run.taskId}/1`);
  const { signal } = new AbortController();
  const ms = await timed(async () => {
    for (const { id, taskId } of runs) {
      const { taken } = await takeTask({
        client,
        taskId: taskId ?? '',
        principalId: platform.principalId,
        hostName: 'bench',
        installationId: '7a2f3f0e-3f0e-4d0e-9b57-0f2f2a1f6d11',
        attempt: 1,
        reclaim: null,
        memory,
        onIntent: (intent) => journal.runs.saveTake(id, intent),
        signal,
        closing: signal,
      });
      if (!taken) throw new Error(`Task ${taskId} was not taken`);
    }
  });
  journal.close();
  return ms;
}
