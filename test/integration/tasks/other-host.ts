import { randomUUID } from 'node:crypto';
import { createKuFlowClient, type KuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import { takeTask } from '../../../src/agent/tasks/take.ts';
import type { Reclaim } from '../../../src/agent/tasks/take-attempt.ts';
import { TakeMemory } from '../../../src/agent/tasks/take-memory.ts';
import type { TakeResult } from '../../../src/agent/tasks/take-result.ts';
import type { RunningPlatform } from '../../../src/platform/start-platform.ts';
import { createMemoryLog } from '../../helpers/raw-server.ts';
import { createTakeFacts } from '../../helpers/take-facts.ts';

/** A host with the same credentials that takes tasks and then does nothing, as one that dies. */
export interface OtherHost {
  client: KuFlowClient;
  take: (taskId: string, reclaim?: Reclaim) => Promise<TakeResult>;
}

export function openOtherHost(platform: RunningPlatform, hostName: string): OtherHost {
  const { url, clientId, clientSecret, principalId } = platform;
  const client = createKuFlowClient({
    endpoint: url,
    credentials: { clientId, clientSecret },
    log: createMemoryLog(),
  });
  const memory = new TakeMemory(client.endpoint, createTakeFacts(), Date.now);
  const installationId = randomUUID();
  return {
    client,
    take: (taskId, reclaim) =>
      takeTask({
        client,
        taskId,
        principalId,
        hostName,
        installationId,
        attempt: 1,
        reclaim: reclaim ?? null,
        memory,
        onIntent: () => undefined,
        signal: new AbortController().signal,
        closing: new AbortController().signal,
      }),
  };
}
