import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { detectContainment } from '../../src/agent/process/containment.ts';
import { createSandbox } from '../../src/agent/sandbox/create-sandbox.ts';
import { NO_LIMITS } from '../../src/agent/sandbox/policy.ts';
import type { Sandbox, SandboxLevel } from '../../src/agent/sandbox/sandbox.ts';
import { atMostOver, type Row } from '../measure.ts';
import { type CommandTimer, startTimer } from '../timer.ts';
import { withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const ENVIRONMENT = { PATH: '/usr/bin:/bin' };
const SCRIPT = ['-c', 'echo ready'];
/** What a level may cost beyond bubblewrap itself: strict has a Node of ours in front, which opens its ports. */
const MORE_MS: Record<SandboxLevel, number> = { off: 3, standard: 8, strict: 120 };

/** From asking for a robot at each level to its first byte, each level proved to be had. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const timer = startTimer(workbench);
  const agentHome = workbench.folder('home');
  const containment = await detectContainment();
  const sandbox = createSandbox({
    platform: process.platform,
    arch: process.arch,
    containment,
    host: { agentHome, controlDir: null, userHomes: [homedir()], secretFiles: [] },
    upstreamProxy: null,
  });
  const levels: SandboxLevel[] = ['off', 'standard', 'strict'];
  return levels.map((level) => ({
    ...rowOf(level, { timer, sandbox, agentHome }),
    ...(level === 'strict' && {
      close: async () => {
        await sandbox.stop(0);
        await timer.close();
      },
    }),
  }));
}

function rowOf(
  level: SandboxLevel,
  { timer, sandbox, agentHome }: { timer: CommandTimer; sandbox: Sandbox; agentHome: string },
): Row {
  const bare = [
    '--unshare-pid',
    '--die-with-parent',
    '--dev-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    'sh',
    ...SCRIPT,
  ];
  return {
    name: `spawn, ${level}`,
    unit: 'ms',
    limit: withTools(['bwrap', 'sh'], {
      name: 'bare Node starts `sh` in bare bubblewrap and reads its first byte',
      round: () => timer.time({ file: 'bwrap', args: bare, env: ENVIRONMENT, until: '' }),
    }),
    plain: withTools(['sh'], {
      name: 'bare Node starts `sh` and reads its first byte',
      round: () => timer.time({ file: 'sh', args: SCRIPT, env: ENVIRONMENT, until: '' }),
    }),
    ours: withTools(['bwrap', 'sh'], {
      name: `a robot is made ready and started at ${level}: namespaces, mounts, filter, pipes`,
      round: () => startOurs(level, sandbox, agentHome),
    }),
    goal: atMostOver(MORE_MS[level], 'ms', 'bare bubblewrap'),
    rounds: 20,
  };
}

async function startOurs(level: SandboxLevel, sandbox: Sandbox, agentHome: string): Promise<number> {
  const work = join(agentHome, 'runs', level);
  mkdirSync(work, { recursive: true });
  const policy = {
    level,
    required: true,
    gui: 'none' as const,
    allowedHosts: level === 'strict' ? [] : null,
    files: { read: [], write: [] },
    sockets: [],
    homeMode: 'run' as const,
    limits: NO_LIMITS,
  };
  const status = await sandbox.detect(policy);
  if (status.achieved !== level) throw new Error(`${level} cannot be had here: ${status.reason}`);
  const began = performance.now();
  const command = await sandbox.prepare(
    { file: '/bin/sh', args: SCRIPT, cwd: work, env: ENVIRONMENT },
    {
      policy,
      cookie: { name: 'KUBOT_RUN_ID', value: `bench-${began}` },
      places: { write: [work], read: [], tmpDir: work },
      gateway: null,
    },
  );
  const robot = await command.start();
  const ms = await new Promise<number>((resolve, reject) => {
    robot.stdout.once('data', () => resolve(performance.now() - began));
    robot.stdout.once('error', reject);
  });
  robot.stdout.resume();
  robot.stderr.resume();
  await robot.exited;
  return ms;
}
