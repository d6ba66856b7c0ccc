import { accessSync, constants } from 'node:fs';
import type { SandboxStatus } from '../../../shared/run.ts';
import type { Containment } from '../../process/containment.ts';
import { createOutputPipeSource } from '../../process/output-pipes.ts';
import type { AllowListProxyOptions } from '../allow-list-proxy.ts';
import type { HostPlaces } from '../linux/mounts.ts';
import { LiveRobots } from '../live-robots.ts';
import type { SandboxPolicy } from '../policy.ts';
import { requireLevel } from '../require-level.ts';
import type { Sandbox, SandboxLevel } from '../sandbox.ts';
import { createSandboxOff, statusOff } from '../sandbox-off.ts';
import { createMacLauncher } from './launch.ts';
import { tryMacLevel } from './try-level.ts';

export interface SandboxMacosOptions {
  containment: Containment;
  host: Omit<HostPlaces, 'tools'>;
  upstreamProxy: AllowListProxyOptions['upstream'];
  sandboxExec?: string;
}

/** Apple calls it deprecated, and its own programs use it. */
const SANDBOX_EXEC = '/usr/bin/sandbox-exec';

/** Levels by Seatbelt (docs/adr/0011); written from documentation, not run yet. */
export function createSandboxMacos(options: SandboxMacosOptions): Sandbox {
  const { containment, host, upstreamProxy, sandboxExec = SANDBOX_EXEC } = options;
  const pipes = createOutputPipeSource();
  const live = new LiveRobots();
  const off = createSandboxOff({ containment, reason: '' });
  const launch = createMacLauncher({ sandboxExec, host, upstreamProxy, containment, pipes });
  const trials = new Map<SandboxLevel, Promise<string | null>>();

  function whyNot(level: 'standard' | 'strict'): Promise<string | null> {
    const known = trials.get(level);
    if (known) return known;
    const trial = isExecutable(sandboxExec)
      ? tryMacLevel(level, launch, host.agentHome)
      : Promise.resolve(`There is no ${sandboxExec} on this Mac.`);
    trials.set(level, trial);
    return trial;
  }

  async function detect(policy: SandboxPolicy): Promise<SandboxStatus> {
    const { level } = policy;
    const reason = level === 'off' ? null : await whyNot(level);
    if (level === 'off' || reason !== null) return statusOff(policy, containment, reason);
    return { requested: level, achieved: level, missing: missingOnMacos(policy), reason: null };
  }

  return {
    detect,
    forget: () => trials.clear(),
    prepare: async (command, job) => {
      const status = requireLevel(await detect(job.policy), job.policy.required);
      const { achieved } = status;
      if (achieved === 'off') {
        const policy: SandboxPolicy = { ...job.policy, level: 'off', required: false };
        return { ...(await off.prepare(command, { ...job, policy })), status };
      }
      const launched = await launch(achieved, command, job);
      return { status, start: async () => live.add(await launched.start()), discard: launched.discard };
    },
    stop: async (graceMs) => {
      await Promise.all([live.stop(graceMs), off.stop(graceMs)]);
      await pipes.close();
    },
  };
}

/**
 * What a level of macOS holds back less than one of Linux: there is no filter of system calls and no namespace of
 * processes (others' are seen, and not signalled); in standard the window server is there for whoever asks.
 */
export function missingOnMacos({ level, gui, homeMode, limits }: SandboxPolicy): string[] {
  return [
    'syscalls',
    'processes',
    ...(level === 'standard' || gui !== 'none' ? ['screen'] : []),
    ...(homeMode === 'user' ? ['home'] : []),
    ...(limits.memoryBytes === null ? [] : ['limits.memoryBytes']),
    ...(limits.cpuPercent === null ? [] : ['limits.cpuPercent']),
  ];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
