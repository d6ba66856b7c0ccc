import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Agent, AgentEvent } from '../../src/agent/agent.ts';
import { loadConfig } from '../../src/agent/config/compile-config.ts';
import { type AgentOverrides, createAgent } from '../../src/agent/create-agent.ts';
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import type { AssetProvider } from '../../src/platform/asset-provider.ts';
import { createAssetProvider } from '../../src/platform/assets/create-asset-provider.ts';
import type { PlatformBehaviour } from '../../src/platform/behaviour.ts';
import { loadSeed, type SeedInput } from '../../src/platform/seed.ts';
import { type RunningPlatform, startPlatform } from '../../src/platform/start-platform.ts';
import { uuidV5 } from '../../src/platform/uuid-v5.ts';
import type { Run, RunDetails, RunState } from '../../src/shared/run.ts';

/** Runtimes that tests share between runs of the suite; making one takes seconds. */
const ASSET_CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/kubot-test-assets');

/** The Node that runs the tests, offered to robots as a local runtime: nothing to download. */
export const NODE_HERE = process.versions.node;

/** For a run to come somewhere, on a slow machine too. */
const WAIT_MS = 60_000;

export interface LabRobot {
  /** Files of the package by path; a Buffer under 'package.zip' alone is served byte for byte. */
  files: Record<string, string | Buffer>;
  environmentVariables?: Record<string, string>;
}

interface LabTaskDefinition {
  code: string;
  robot?: string;
  operation?: string;
  data?: Record<string, unknown>;
  /** There is no such task at first; `addTask` makes one. */
  later?: boolean;
}

export interface LabOptions {
  robots?: Record<string, LabRobot>;
  /** A seed directory in place of `robots` and `tasks`. */
  seedDir?: string;
  /** Tasks to do, by task definition code; its robot is the one of `robot`, else of the same code. */
  tasks?: LabTaskDefinition[];
  settings?: Record<string, unknown>;
  /** Folders of the test's own that robots may write to. */
  shares?: readonly string[];
  behaviour?: Partial<PlatformBehaviour>;
  assets?: AssetProvider;
  /** Part of the home's path. */
  homeName?: string;
  overrides?: AgentOverrides;
  /** Where the agent reaches the platform, when something stands between. */
  endpointOf?: (platform: RunningPlatform) => Promise<string>;
  /** Keeps the platform's state over a restart. */
  dataDir?: boolean;
  /** The platform's clock. */
  platformNow?: () => number;
}

export interface Lab {
  platform: RunningPlatform;
  agent: Agent;
  home: string;
  dir: string;
  /** What an agent needs in its environment to work for this lab. */
  environment: Record<string, string>;
  events: AgentEvent[];
  /** The platform's own answers. */
  api<T = Record<string, unknown>>(path: string, method?: string, body?: unknown): Promise<T>;
  /** The newest task of a definition, or the one of this id. */
  task(codeOrId: string): Promise<LabTask>;
  /** Uploads a robot's package: a new robot, or another revision of one that is there. */
  putRobot(code: string, robot: LabRobot): Promise<void>;
  /** What was done to a task since it was created, by the platform's audit: operation ids, oldest first. */
  mutations(taskId: string): string[];
  /** Another task, created now, in the first process or one of its own; returns its id. */
  addTask(code: string, data?: Record<string, unknown>, own?: { process: true }): Promise<string>;
  /** The task's latest run, once it has come so far. */
  until(taskId: string, state: Extract<RunState, 'running' | 'settling' | 'ended'>): Promise<RunDetails>;
  /** A document of a process, as the platform keeps it. */
  document(processId: string, documentUri: string): Promise<Buffer>;
  /** Until no work is left. */
  work(giveUpAfterMs?: number): Promise<{ failed: boolean; error: { code: string } | null }>;
  run(code: string): Promise<Run>;
  runs(): Promise<Run[]>;
  logText(run: { id: string }): Promise<string>;
  /** A new agent in the same home, after this one was closed. */
  restartAgent(settings?: Record<string, unknown>): Promise<void>;
  restartPlatform(): Promise<void>;
  close(): Promise<void>;
}

export interface LabTask {
  id: string;
  state: string;
  ownerId: string | undefined;
  data: Record<string, unknown>;
  entries: { level: string; message: string }[];
}

/** A platform, an agent started in a fresh home, and robots with tasks for it: all real, in this process. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-lab-'));
  const home = join(dir, options.homeName ?? 'home');
  const robots = options.robots ?? {};
  const tasks = options.tasks ?? Object.keys(robots).map((code) => ({ code }));
  const invalid: string[] = [];
  const seed = options.seedDir === undefined ? seedOf(dir, robots, tasks) : loadSeed(options.seedDir);
  const routes = routesOf(seed);
  const platformOptions = {
    assets: options.assets ?? labAssets(),
    ...(options.behaviour && { behaviour: options.behaviour }),
    ...(options.dataDir && { dataDir: join(dir, 'platform') }),
    ...(options.platformNow && { now: options.platformNow }),
    onInvalidAnswer: (operationId: string, errors: unknown) =>
      invalid.push(`${operationId} ${JSON.stringify(errors)}`),
  };
  let platform = await startPlatform({ ...platformOptions, seed, seedDir: options.seedDir ?? dir });
  const endpoint = (await options.endpointOf?.(platform)) ?? platform.url;
  const environment = {
    KUBOT_API_ENDPOINT: endpoint,
    KUBOT_CLIENT_ID: platform.clientId,
    KUBOT_CLIENT_SECRET: platform.clientSecret,
    KUBOT_TENANT_ID: platform.tenantId,
  };
  const events: AgentEvent[] = [];
  const startAgent = async (settings: Record<string, unknown>) => {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(
      join(home, 'settings.json'),
      JSON.stringify({ ...labSettings(routes, options.shares ?? []), ...settings }),
    );
    const config = loadConfig({ flags: {}, environment, home, cwd: dir });
    const agent = createAgent(config, { environment: process.env, ...options.overrides });
    agent.on((event) => events.push(event));
    await agent.start();
    return agent;
  };
  let agent = await startAgent(options.settings ?? {}).catch(async (error: unknown) => {
    await platform.close();
    await removeTree(dir);
    throw error;
  });

  const ask = async (path: string, method = 'GET', body?: unknown) => {
    const response = await fetch(`${platform.url}/v2024-06-14${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${platform.clientId}:${platform.clientSecret}`).toString('base64')}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        // A connection that is kept may be closed by the platform just when a busy test uses it again.
        connection: 'close',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const api: Lab['api'] = async <T>(path: string, method = 'GET', body?: unknown) =>
    (await (await ask(path, method, body)).json()) as T;
  const lab: Lab = {
    get platform() {
      return platform;
    },
    get agent() {
      return agent;
    },
    home,
    dir,
    environment,
    events,
    api,
    task: async (codeOrId) => {
      const page = await api<{ content: ItemInPage[] }>('/process-items?type=TASK&size=1000');
      const found = page.content.findLast((item) => item.id === codeOrId || codeOf(item) === codeOrId);
      if (!found) throw new Error(`no task of ${codeOrId}`);
      const item = await api<{
        id: string;
        ownerId?: string;
        task: { state: string; data?: { value: Record<string, unknown> }; logs?: LabTask['entries'] };
      }>(`/process-items/${found.id}`);
      return {
        id: item.id,
        state: item.task.state,
        ownerId: item.ownerId,
        data: item.task.data?.value ?? {},
        entries: (item.task.logs ?? []).map(({ level, message }) => ({ level, message })),
      };
    },
    putRobot: async (code, robot) => {
      await platform.seed({ tenant: { name: 'Lab' }, robots: [robotSeed(dir, code, robot)] }, dir);
    },
    mutations: (taskId) =>
      platform
        .audit()
        .filter(
          ({ resource, before, operation }) =>
            resource === `item/${taskId}` && !isCreation(operation, before),
        )
        .map(({ operation }) => operation),
    addTask: async (code, data = {}, own) => {
      const { content } = await api<{ content: ProcessInPage[] }>('/processes');
      const processDefinitionId = (content[0]?.processDefinition ?? content[0]?.processDefinitionRef)?.id;
      const process = own
        ? await api<{ id: string }>('/processes', 'POST', { processDefinitionId })
        : content[0];
      const created = await api<{ id: string }>('/process-items', 'POST', {
        type: 'TASK',
        processId: process?.id,
        task: { taskDefinitionCode: code, data: { value: data } },
      });
      return created.id;
    },
    until: async (taskId, state) => {
      const order = ['running', 'settling', 'ended'];
      const deadline = Date.now() + WAIT_MS;
      for (;;) {
        const run = await agent.handlers.run({ id: taskId }).catch(() => null);
        if (run !== null && order.indexOf(run.state) >= order.indexOf(state)) return run;
        if (Date.now() > deadline)
          throw new Error(`The run of ${taskId} never was ${state}: ${JSON.stringify(run)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    document: async (processId, documentUri) => {
      const query = new URLSearchParams({ documentUri });
      const response = await ask(`/processes/${processId}/~actions/download-document?${query}`);
      return Buffer.from(await response.arrayBuffer());
    },
    work: (giveUpAfterMs = 5000) => agent.untilDone({ giveUpAfterMs }),
    runs: () => agent.handlers.runs({ limit: 1000, before: null, state: null, robot: null }),
    run: async (code) => {
      const task = await lab.task(code);
      return await agent.handlers.run({ id: task.id });
    },
    logText: async (run) => {
      const lines: string[] = [];
      for await (const line of agent.handlers.logs({ id: run.id, follow: false })) {
        lines.push(`${line.level} ${line.text}`);
      }
      return lines.join('\n');
    },
    restartAgent: async (settings = options.settings ?? {}) => {
      await agent.close();
      agent = await startAgent(settings);
    },
    restartPlatform: async () => {
      const port = Number(new URL(platform.url).port);
      await platform.close();
      platform = await startPlatform({ ...platformOptions, port });
    },
    close: async () => {
      await endAgent(agent);
      await platform.close();
      await removeTree(dir);
      if (invalid.length > 0)
        throw new Error(`Answers that the specification forbids: ${invalid.join('; ')}`);
    },
  };
  return lab;
}

/** The id that a lab's robot has. */
export function robotIdOf(platform: RunningPlatform, code: string): string {
  return uuidV5(platform.tenantId, `robot/${code}`);
}

/** Runtimes made as the platform makes them, kept between runs of the suite. */
export function labAssets(): AssetProvider {
  return createAssetProvider({ cacheDir: ASSET_CACHE, environment: process.env, log: () => {} });
}

/** A robot of one Node.js script. */
export function nodeRobot(script: string, extra: Partial<LabRobot> & { manifest?: string } = {}): LabRobot {
  const { manifest, files, ...rest } = extra;
  return {
    files: {
      'kubot.yaml':
        manifest ?? `operations:\n  - name: Run\n    shell: node robot.mjs\ntools:\n  nodejs: ${NODE_HERE}\n`,
      'robot.mjs': script,
      ...files,
    },
    ...rest,
  };
}

/** Polls in quick succession, no proxies, this Node as a local runtime. */
function labSettings(routes: Record<string, unknown>, shares: readonly string[]): Record<string, unknown> {
  return {
    pollMinMs: 200,
    diskReserveBytes: 0,
    logIntervalMs: 50,
    routes,
    files: { write: shares },
    localRuntimes: { nodejs: { [NODE_HERE]: dirname(dirname(process.execPath)) } },
  };
}

/** Ends the robots too that a failed test left waiting: an agent closes when its robots have ended. */
async function endAgent(agent: Agent): Promise<void> {
  try {
    void agent.cancelAll('The lab closes.').catch(() => {});
  } catch {
    // It was closed by the test.
  }
  await agent.close();
}

/** Robot and operation by task definition, as whoever configures a host would write it from the seed. */
function routesOf(seed: SeedInput): Record<string, unknown> {
  const tasks = (seed.processDefinitions ?? []).flatMap((definition) => definition.tasks ?? []);
  return Object.fromEntries(
    tasks.map(({ code, robot, operation }) => [
      code,
      { robot: robot ?? code, ...(operation && { operation }) },
    ]),
  );
}

interface ProcessInPage {
  id: string;
  processDefinition?: { id: string };
  processDefinitionRef?: { id: string };
}

interface ItemInPage {
  id: string;
  task: { taskDefinition?: { code: string } };
  processItemDefinitionRef?: { code: string };
}

function isCreation(operation: string, before: unknown): boolean {
  return before === null && operation !== 'appendProcessItemTaskLog';
}

/** By either revision of the API. */
function codeOf(item: ItemInPage): string | undefined {
  return item.task.taskDefinition?.code ?? item.processItemDefinitionRef?.code;
}

function seedOf(
  dir: string,
  robots: Record<string, LabRobot>,
  tasks: readonly LabTaskDefinition[],
): SeedInput {
  return {
    tenant: { name: 'Lab' },
    users: [{ name: 'Ada', email: 'ada@example.com' }],
    robots: Object.entries(robots).map(([code, robot]) => robotSeed(dir, code, robot)),
    processDefinitions: [
      {
        code: 'LAB',
        name: 'Lab',
        tasks: tasks.map(({ code, robot, operation }) => ({
          code,
          name: code,
          robot: robot ?? code,
          ...(operation !== undefined && { operation }),
        })),
      },
    ],
    processes: [
      {
        definition: 'LAB',
        tasks: tasks
          .filter(({ later }) => later !== true)
          .map(({ code, data }) => ({ definition: code, data: data ?? {} })),
      },
    ],
  };
}

/** A robot of the seed, its files written. */
function robotSeed(dir: string, code: string, robot: LabRobot) {
  const folder = join(dir, 'robots', code);
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of Object.entries(robot.files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return {
    code,
    name: code,
    package: 'package.zip' in robot.files ? `robots/${code}/package.zip` : `robots/${code}/`,
    environmentVariables: robot.environmentVariables ?? {},
  };
}
