import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Containment } from '../../process/containment.ts';
import { tightenAccess } from '../../process/icacls.ts';
import { createOutputPipeSource } from '../../process/output-pipes.ts';
import { startProcess } from '../../process/start-process.ts';
import type { SandboxPolicy } from '../policy.ts';
import { createProvedSandbox } from '../proved-sandbox.ts';
import type { Sandbox } from '../sandbox.ts';

export interface SandboxWindowsOptions {
  containment: Containment;
  agentHome: string;
  /** The host's own, for where Windows lies. */
  environment: Readonly<Record<string, string | undefined>>;
}

const NO_STRICT =
  'Windows keeps no program from the files and the network of its user without a driver or a container, so there is no level strict there. Run such robots on a Linux or macOS host.';
const NO_FILES =
  'On Windows it holds and limits what a robot starts, but keeps it from no file of this user. Run the agent as a user of its own.';
const NO_JOBS =
  'This Windows gives no Job Objects to the agent, or koffi has no binary for it: nothing holds what a robot starts.';

/** Levels by Job Objects and access lists (docs/adr/0011); written from documentation, not run yet. */
export function createSandboxWindows(options: SandboxWindowsOptions): Sandbox {
  const { containment, agentHome } = options;
  const variables = systemVariables(options.environment);
  const pipes = createOutputPipeSource();
  let tightened: Promise<string | null> | undefined;

  /** All that is in the agent's home inherits from it, the runs' folders too. */
  function tightenHome(): Promise<string | null> {
    tightened ??= tightenAccess(agentHome, variables.SystemRoot).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return tightened;
  }

  return createProvedSandbox({
    containment,
    pipes,
    tryLevel: async (level) => {
      if (level === 'strict') return NO_STRICT;
      return containment.kind === 'job' ? await tryJob(containment, agentHome, variables) : NO_JOBS;
    },
    missing: missingOnWindows,
    reason: NO_FILES,
    launch: async (_level, command, { policy, cookie, onWarning }) => ({
      start: async () => {
        const failure = await tightenHome();
        if (failure !== null) onWarning?.(`The agent's home keeps the access of its parent: ${failure}`);
        return await startProcess({ ...command, cookie, containment, pipes, jobLimits: policy.limits });
      },
      discard: async () => undefined,
    }),
  });
}

/** What standard of Windows does not hold back; of the limits a job has all but that of open files. */
export function missingOnWindows({ allowedHosts, limits }: SandboxPolicy): string[] {
  return [
    'files',
    ...(allowedHosts === null ? [] : ['network']),
    'syscalls',
    'processes',
    'screen',
    ...(limits.openFiles === null ? [] : ['limits.openFiles']),
  ];
}

const CANARY_WITHIN_MS = 20_000;

/** A program that would stay for long says that it runs; the job is to end it and what it started. */
async function tryJob(
  containment: Containment,
  agentHome: string,
  env: Record<string, string>,
): Promise<string | null> {
  try {
    const canary = await startProcess({
      file: 'cmd.exe',
      args: ['/d', '/s', '/c', 'echo held & ping -n 600 127.0.0.1 > nul'],
      cwd: existsSync(agentHome) ? agentHome : tmpdir(),
      env,
      cookie: { name: 'KUBOT_STEP_ID', value: `canary-${process.pid}` },
      containment,
    });
    let said = '';
    canary.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    canary.stderr.resume();
    for (let waited = 0; waited < CANARY_WITHIN_MS && !said.includes('held'); waited += 10) await wait(10);
    await canary.kill();
    return said.includes('held') ? null : 'A program that was put into a Job Object did not start.';
  } catch (error) {
    return `A Job Object did not work: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Windows reads their names in any case. */
function systemVariables(environment: Readonly<Record<string, string | undefined>>): {
  SystemRoot: string;
  PATH: string;
} {
  const name = Object.keys(environment).find((key) => key.toUpperCase() === 'SYSTEMROOT');
  const systemRoot = (name && environment[name]) || 'C:\\Windows';
  return { SystemRoot: systemRoot, PATH: `${systemRoot}\\System32` };
}
