import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { AssetProvider } from '../src/platform/asset-provider.ts';
import { type RunningPlatform, startPlatform } from '../src/platform/start-platform.ts';
import type { Run } from '../src/shared/run.ts';
import { ensureBundle } from './bundle.ts';
import type { NodeOptions, Workbench } from './workbench.ts';

/** The one robot, and the one task definition, of a bench's platform. */
export const CODE = 'BENCH';
const DEFINITION = 'BENCH_PROCESS';
const AUDIT_POLL_MS = 50;
const GIVE_UP_MS = 60_000;

/** An embedded platform in this process with one robot of these files, and without tasks. */
export async function startBenchPlatform(
  workbench: Workbench,
  files: Record<string, string>,
  assets: AssetProvider = { find: async () => null },
): Promise<RunningPlatform> {
  const dir = workbench.folder('seed');
  const packageDir = join(dir, 'robot');
  mkdirSync(packageDir);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(packageDir, name), content);
  return await startPlatform({
    seed: {
      tenant: { name: 'Bench' },
      robots: [{ code: CODE, name: 'Bench', package: 'robot/' }],
      processDefinitions: [
        { code: DEFINITION, name: 'Bench', tasks: [{ code: CODE, name: 'Bench', robot: CODE }] },
      ],
    },
    seedDir: dir,
    assets,
  });
}

/** Makes so many READY tasks at once. Returns their ids. */
export async function queueTasks(platform: RunningPlatform, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const tasks = ids.map((id) => ({ id, definition: CODE }));
  await platform.seed(
    { tenant: { name: 'Bench' }, processes: [{ id: randomUUID(), definition: DEFINITION, tasks }] },
    '.',
  );
  return ids;
}

/** When each task was claimed and when it was completed, by the platform's audit, once all of them are. */
export async function untilCompleted(
  platform: RunningPlatform,
  taskIds: readonly string[],
): Promise<{ claimedMs: number[]; completedMs: number[] }> {
  const giveUpMs = performance.now() + GIVE_UP_MS;
  const wanted = new Set(taskIds.map((id) => `item/${id}`));
  while (performance.now() < giveUpMs) {
    const entries = platform.audit().filter((entry) => wanted.has(entry.resource));
    const timesOf = (operation: string) =>
      entries.filter((entry) => entry.operation === operation).map((entry) => Date.parse(entry.at));
    const completedMs = timesOf('completeProcessItemTask');
    if (completedMs.length === wanted.size)
      return { claimedMs: timesOf('claimProcessItemTask'), completedMs };
    await delay(AUDIT_POLL_MS);
  }
  throw new Error(`After ${GIVE_UP_MS / 1000} s not every task is completed`);
}

export interface BenchAgent {
  readonly home: string;
  readonly pid: number;
  /** The run of a task, once it is settled. */
  untilEnded(taskId: string): Promise<Run>;
  /** The next link to its page, where it serves one. */
  pageLink(): Promise<string>;
  close(): Promise<void>;
}

/** As bin/kubot starts it. */
const NODE_OPTIONS = ['--max-semi-space-size=4'];

/** What the bundled agent is started with against a platform. Its home is `<dir>/home`. */
export function agentCommand(platform: RunningPlatform, dir: string, settings: Record<string, string> = {}) {
  const secretPath = join(dir, 'secret');
  writeFileSync(secretPath, platform.clientSecret, { mode: 0o600 });
  const home = join(dir, 'home');
  const script = ensureBundle();
  return {
    home,
    file: process.execPath,
    script,
    args: [...NODE_OPTIONS, script, 'agent', '--home', home, '--json'],
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: dir,
      TMPDIR: dir,
      KUBOT_API_ENDPOINT: platform.url,
      KUBOT_CLIENT_ID: platform.clientId,
      KUBOT_CLIENT_SECRET_FILE: secretPath,
      KUBOT_TENANT_ID: platform.tenantId,
      KUBOT_DISK_RESERVE_BYTES: '0',
      ...settings,
    },
  };
}

/** The bundled agent as a process of its own, registered. */
export async function startBenchAgent(
  workbench: Workbench,
  platform: RunningPlatform,
  settings: Record<string, string> = {},
  node: NodeOptions = {},
  options: readonly string[] = [],
): Promise<BenchAgent> {
  const { home, file, args, env } = agentCommand(platform, workbench.folder('agent'), settings);
  const child = workbench.spawn(file, [...(node.nodeArgs ?? []), ...args, ...options], {
    env: { ...env, ...node.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const events = new Events(child);
  await events.find('registered', (event) => event.event === 'registered');
  return {
    home,
    pid: child.pid ?? 0,
    untilEnded: async (taskId) => {
      const { run } = await events.find(
        'run-ended',
        (event) => event.event === 'run-ended' && event.run?.taskId === taskId,
      );
      if (run?.outcome !== 'succeeded') throw new Error(`A run of the bench ended ${run?.outcome}`);
      return run;
    },
    pageLink: async () => (await events.find('page', (event) => event.event === 'page')).url ?? '',
    close: async () => {
      child.kill('SIGTERM');
      await events.ended;
    },
  };
}

interface PrintedEvent {
  event: string;
  run?: Run;
  url?: string;
}

/** What an agent printed, kept until somebody asks for it. */
class Events {
  readonly ended: Promise<void>;
  readonly #seen: PrintedEvent[] = [];
  readonly #waiting = new Set<() => void>();
  #complaint = '';

  constructor(child: ChildProcess) {
    if (!child.stdout || !child.stderr) throw new Error('The agent was started without its output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#seen.push(JSON.parse(line) as PrintedEvent);
      for (const look of this.#waiting) look();
    });
    child.stderr.on('data', (chunk) => {
      this.#complaint += chunk;
    });
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** The first such event that nobody had. @throws when the agent ends, or a minute passes, before it comes */
  find(what: string, matches: (event: PrintedEvent) => boolean): Promise<PrintedEvent> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.#seen.findIndex(matches);
        const [found] = at === -1 ? [] : this.#seen.splice(at, 1);
        if (!found) return;
        leave();
        resolve(found);
      };
      const fail = () => {
        leave();
        reject(new Error(`The agent did not say "${what}": ${this.#complaint}`));
      };
      const timer = setTimeout(fail, GIVE_UP_MS);
      const leave = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      void this.ended.then(fail);
      look();
    });
  }
}
