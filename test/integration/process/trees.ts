import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Containment, detectContainment } from '../../../src/agent/process/containment.ts';
import { type RobotProcess, startProcess } from '../../../src/agent/process/start-process.ts';
import { createSandbox } from '../../../src/agent/sandbox/create-sandbox.ts';
import type { Sandbox, SandboxCommand, SandboxJob } from '../../../src/agent/sandbox/sandbox.ts';
import { aJob, aPolicy } from '../../helpers/a-sandbox-job.ts';

const treePath = join(import.meta.dirname, '../../fixtures/processes/tree.py');
/** What the trees of children are made with; undefined: there is none in a system folder. */
export const python = ['/usr/bin/python3', '/usr/local/bin/python3', '/opt/homebrew/bin/python3'].find(
  existsSync,
);
export const found = await detectContainment();

/** undefined: not to be had here. */
export const containments: [string, Containment | undefined][] = [
  ['group and sweep', { kind: 'group' }],
  ['PID namespace', found.kind === 'pid-namespace' ? found : undefined],
];

/** What holds a tree: one of those, or a level of the sandbox. */
export type Holder = Containment | { kind: 'level'; level: 'standard' | 'strict' };

export const holders: [string, Holder | undefined][] = [
  ...containments,
  ...(['standard', 'strict'] as const).map((level): [string, Holder | undefined] => [
    `the level ${level}`,
    found.kind === 'pid-namespace' ? { kind: 'level', level } : undefined,
  ]),
];

/** Robots of one test, in a folder of theirs. */
export interface Trees {
  readonly dir: string;
  start(holder: Holder, file: string, args: string[]): Promise<RobotProcess>;
  /** Starts one of the worst trees, by its name in tree.py, and waits until all of it is up. */
  startTree(holder: Holder, kind: string): Promise<RobotProcess>;
  /** Pids of all living processes that were started here: each names the folder in its command line. */
  survivors(): string[];
  close(): Promise<void>;
}

export function openTrees(): Trees {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-tree-'));
  const started: RobotProcess[] = [];
  const start = async (holder: Holder, file: string, args: string[]) => {
    const command = { file, args, cwd: dir, env: { PATH: '/usr/bin:/bin' } };
    const cookie = { name: 'KUBOT_RUN_ID', value: dir };
    const robot =
      holder.kind === 'level'
        ? await startAt(holder.level, command, cookie)
        : await startProcess({ ...command, cookie, containment: holder });
    started.push(robot);
    robot.stdout.resume();
    robot.stderr.resume();
    return robot;
  };
  return {
    dir,
    start,
    startTree: async (holder, kind) => {
      const robot = await start(holder, python ?? '', [treePath, kind, dir]);
      // This one leaves as soon as its child is up.
      await untilTold(dir, kind === 'pipe-holder' ? 'child' : 'parent');
      return robot;
    },
    survivors: () => processesNaming(dir),
    close: async () => {
      await Promise.all(started.splice(0).map((robot) => robot.kill()));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

let homeDir: string | undefined;
let sandbox: Sandbox | undefined;

async function startAt(
  level: 'standard' | 'strict',
  command: SandboxCommand,
  cookie: SandboxJob['cookie'],
): Promise<RobotProcess> {
  homeDir ??= mkdtempSync(join(tmpdir(), 'kubot-tree-home-'));
  sandbox ??= createSandbox({
    platform: process.platform,
    arch: process.arch,
    containment: found,
    host: { agentHome: homeDir, controlDir: null, userHomes: [], secretFiles: [] },
    upstreamProxy: null,
  });
  const policy = aPolicy({ level, required: true, allowedHosts: level === 'strict' ? [] : null });
  const places = { write: [command.cwd], read: [treePath], tmpDir: command.cwd };
  const prepared = await sandbox.prepare(command, aJob({ policy, cookie, places }));
  return await prepared.start();
}

/** Of all the trees of a test file, at its end. */
export async function closeSandbox(): Promise<void> {
  await sandbox?.stop(0);
  if (homeDir) rmSync(homeDir, { recursive: true, force: true });
}

function processesNaming(dir: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(dir);
    } catch {
      return false;
    }
  });
}

async function untilTold(dir: string, name: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!readdirSync(dir).includes(name)) {
    if (Date.now() > end) throw new Error(`${name} never came up in ${dir}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
