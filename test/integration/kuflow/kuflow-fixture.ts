import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createKuFlowClient,
  type KuFlowClient,
  type KuFlowClientOptions,
} from '../../../src/agent/kuflow/create-client.ts';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import type { SeedInput } from '../../../src/platform/seed.ts';
import { type RunningPlatform, startPlatform } from '../../../src/platform/start-platform.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { createMemoryLog } from '../../helpers/raw-server.ts';

/** The embedded platform with a robot and some tasks, a proxy with faults before it, and clients. */
export interface KuFlowFixture {
  platform: RunningPlatform;
  proxy: FaultProxy;
  /** Bytes of the asset that is served for Python 3.11.4. */
  asset: Buffer;
  dir: string;
  /** A client through the proxy; waits take no time. */
  createClient(over?: Partial<KuFlowClientOptions>): KuFlowClient;
  /** What changed a task, by the platform's audit. */
  mutations(taskId: string): { operation: string; principalId: string }[];
  close(): Promise<void>;
}

export const DEFINITION = 'INVOICES';

export async function startKuFlow(
  options: {
    behaviour?: Partial<PlatformBehaviour>;
    tasks?: number;
    robots?: SeedInput['robots'];
    /** The platform's clock. */
    now?: () => number;
  } = {},
): Promise<KuFlowFixture> {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-kuflow-'));
  const asset = Buffer.from('not really Python, but bytes '.repeat(1000));
  writeFileSync(join(dir, 'python.tar'), asset);
  mkdirSync(join(dir, 'robot'));
  writeFileSync(join(dir, 'robot', 'kubot.yaml'), 'operations:\n  - name: Check\n    shell: echo hi\n');
  const invalid: unknown[] = [];
  const platform = await startPlatform({
    assets: {
      find: async ({ type, version }) =>
        type === 'PYTHON' && version === '3.11.4'
          ? { path: join(dir, 'python.tar'), lengthBytes: asset.length, version }
          : null,
    },
    ...(options.behaviour && { behaviour: options.behaviour }),
    ...(options.now && { now: options.now }),
    onInvalidAnswer: (operationId, errors) => invalid.push({ operationId, errors }),
    seedDir: dir,
    seed: seedOf(options.tasks ?? 1, options.robots),
  });
  const proxy = await startFaultProxy({ target: platform.url });
  return {
    platform,
    proxy,
    asset,
    dir,
    createClient: (over = {}) =>
      createKuFlowClient({
        endpoint: proxy.url,
        credentials: { clientId: platform.clientId, clientSecret: platform.clientSecret },
        log: createMemoryLog(),
        sleep: async () => {},
        random: () => 1,
        ...over,
      }),
    mutations: (taskId) =>
      platform
        .audit()
        .filter(({ resource, operation }) => resource.includes(taskId) && operation !== 'seed')
        .map(({ operation, principalId }) => ({ operation, principalId })),
    close: async () => {
      await proxy.close();
      await platform.close();
      rmSync(dir, { recursive: true, force: true });
      if (invalid.length > 0)
        throw new Error(`Answers against the specification: ${JSON.stringify(invalid)}`);
    },
  };
}

function seedOf(tasks: number, robots?: SeedInput['robots']): SeedInput {
  return {
    tenant: { name: 'Acme' },
    robots: robots ?? [
      { code: DEFINITION, name: 'Invoices', package: 'robot/', environmentVariables: { VAT_RATE: '21' } },
    ],
    users: [{ name: 'Ann', email: 'ann@acme.test' }],
    processDefinitions: [
      {
        code: 'BILLING',
        name: 'Billing',
        tasks: [
          { code: DEFINITION, name: 'Check invoices', robot: DEFINITION, operation: 'Check' },
          { code: 'OTHER', name: 'Something else' },
        ],
      },
    ],
    processes: [
      {
        definition: 'BILLING',
        tasks: [
          ...Array.from({ length: tasks }, () => ({ definition: DEFINITION, data: { operation: 'Check' } })),
          { definition: 'OTHER' },
        ],
      },
    ],
  };
}
