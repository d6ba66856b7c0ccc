import { randomUUID } from 'node:crypto';
import type { KuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import { takeTask } from '../../../src/agent/tasks/take.ts';
import type { TakeInput } from '../../../src/agent/tasks/take-attempt.ts';
import { TakeMemory } from '../../../src/agent/tasks/take-memory.ts';
import type { TakeResult } from '../../../src/agent/tasks/take-result.ts';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import { createTakeFacts } from '../../helpers/take-facts.ts';
import { DEFINITION, type KuFlowFixture, startKuFlow } from '../kuflow/kuflow-fixture.ts';

export interface Track {
  kuflow: KuFlowFixture;
  taskIds: string[];
  /** Moves the platform's clock and that of the hosts. */
  advance: (milliseconds: number) => void;
  hosts: RacingHost[];
  close: () => Promise<void>;
}

export interface RacingHost {
  name: string;
  principalId: string;
  client: KuFlowClient;
  take: (taskId: string, over?: Partial<TakeInput>) => Promise<TakeResult>;
}

export interface TrackOptions {
  behaviour?: Partial<PlatformBehaviour>;
  tasks: number;
  hosts: number;
  credentials: 'shared' | 'own';
  /** Through the proxy with its faults, in place of straight to the platform. */
  proxied?: boolean;
  /** Limits each attempt of a call. */
  timeoutMs?: number;
}

/** A platform whose clock stands until it is moved, with tasks and hosts that want them. */
export async function openTrack(options: TrackOptions): Promise<Track> {
  const { behaviour, tasks, hosts, credentials, proxied = false, timeoutMs } = options;
  let nowMs = Date.parse('2026-01-01T00:00:00.300Z');
  const now = () => nowMs;
  const kuflow = await startKuFlow({ tasks, now, ...(behaviour && { behaviour }) });
  const endpoint = proxied ? kuflow.proxy.url : kuflow.platform.url;
  const openHost = (index: number): RacingHost => {
    const application =
      credentials === 'own' ? kuflow.platform.addApplication(`Host ${index}`) : kuflow.platform;
    const { clientId, clientSecret, principalId } = application;
    const client = kuflow.createClient({
      endpoint,
      credentials: { clientId, clientSecret },
      now,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    const memory = new TakeMemory(client.endpoint, createTakeFacts(), now);
    // A host that has worked with this server for a while.
    memory.noteLog(kuflow.platform.behaviour.logBound);
    const name = `PC-${index}`;
    const installationId = randomUUID();
    return {
      name,
      principalId,
      client,
      take: (taskId, over = {}) =>
        takeTask({
          client,
          taskId,
          principalId,
          hostName: name,
          installationId,
          attempt: 1,
          reclaim: null,
          memory,
          onIntent: () => undefined,
          signal: new AbortController().signal,
          closing: new AbortController().signal,
          sleep: async () => {},
          now,
          // Time stands still here.
          watchMs: 0,
          ...over,
        }),
    };
  };
  const found = await kuflow.createClient({ endpoint: kuflow.platform.url }).findTasks({
    states: ['READY'],
    definitionCodes: [DEFINITION],
    tenantId: null,
    limit: tasks,
  });
  return {
    kuflow,
    taskIds: found.map(({ id }) => id),
    advance: (milliseconds) => {
      nowMs += milliseconds;
    },
    hosts: Array.from({ length: hosts }, (_, index) => openHost(index)),
    close: () => kuflow.close(),
  };
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
