import type { SandboxStatus } from '../../shared/run.ts';
import type { Containment } from '../process/containment.ts';
import { createOutputPipeSource } from '../process/output-pipes.ts';
import { startProcess } from '../process/start-process.ts';
import { LiveRobots } from './live-robots.ts';
import type { SandboxPolicy } from './policy.ts';
import { requireLevel } from './require-level.ts';
import type { Sandbox } from './sandbox.ts';

export interface SandboxOffOptions {
  containment: Containment;
  /** Why there is nothing better here, and what to do. */
  reason: string;
}

/**
 * No sandbox, and honest about it: an environment built from nothing, folders of the run's own and an end for the
 * whole process tree, but nothing between the robot and this user's files, network and system calls. `standard`
 * degrades to it visibly; `strict` is refused.
 */
export function createSandboxOff({ containment, reason }: SandboxOffOptions): Sandbox {
  const pipes = createOutputPipeSource();
  const live = new LiveRobots();
  const detect = async (policy: SandboxPolicy) => statusOff(policy, containment, reason);
  return {
    detect,
    forget: () => undefined,
    prepare: async (command, { policy, cookie }) => ({
      status: requireLevel(await detect(policy), policy.required),
      start: async () => live.add(await startProcess({ ...command, cookie, containment, pipes })),
      discard: async () => undefined,
    }),
    stop: async (graceMs) => {
      await live.stop(graceMs);
      await pipes.close();
    },
  };
}

/** What the level off comes to. A PID namespace is all that the containment may add. */
export function statusOff(
  policy: SandboxPolicy,
  containment: Containment,
  reason: string | null,
): SandboxStatus {
  return {
    requested: policy.level,
    achieved: 'off',
    missing: [
      'files',
      ...(policy.allowedHosts === null ? [] : ['network']),
      'syscalls',
      ...(containment.kind === 'pid-namespace' ? [] : ['processes']),
      ...(Object.values(policy.limits).some((limit) => limit !== null) ? ['limits'] : []),
      ...(policy.gui === 'none' ? [] : ['screen']),
    ],
    reason: policy.level === 'off' ? null : reason,
  };
}
