import type { SandboxStatus } from '../../../shared/run.ts';
import type { Containment } from '../../process/containment.ts';
import { createOutputPipeSource } from '../../process/output-pipes.ts';
import type { AllowListProxyOptions } from '../allow-list-proxy.ts';
import { LiveRobots } from '../live-robots.ts';
import type { SandboxPolicy } from '../policy.ts';
import { requireLevel } from '../require-level.ts';
import type { Sandbox, SandboxLevel } from '../sandbox.ts';
import { createSandboxOff, statusOff } from '../sandbox-off.ts';
import { findCgroups } from './cgroups.ts';
import { NOT_INSTALLED } from './explain-refusal.ts';
import { openFilterSource } from './filter-source.ts';
import { createLauncher } from './launch.ts';
import { missingLimits } from './limits.ts';
import type { HostPlaces } from './mounts.ts';
import { tryLevel } from './try-level.ts';

export interface SandboxLinuxOptions {
  /** What ends trees at the level off. */
  containment: Containment;
  /** The bwrap to use; null: none is installed. */
  bwrap: { path: string; limitsTmpfs: boolean } | null;
  /** As process.arch. */
  arch: string;
  host: Omit<HostPlaces, 'tools'>;
  /** The proxy by which this host reaches others. */
  upstreamProxy: AllowListProxyOptions['upstream'];
}

/** Levels by bubblewrap, namespaces and a seccomp filter; docs/security.md says what each holds back. */
export function createSandboxLinux(options: SandboxLinuxOptions): Sandbox {
  const { containment, bwrap, arch, host } = options;
  const pipes = createOutputPipeSource();
  const live = new LiveRobots();
  const off = createSandboxOff({ containment, reason: '' });
  const filters = openFilterSource(arch);
  const cgroups = findCgroups();
  const launch =
    bwrap && filters
      ? createLauncher({
          bwrapPath: bwrap.path,
          limitsTmpfs: bwrap.limitsTmpfs,
          filters,
          host,
          upstreamProxy: options.upstreamProxy,
          cgroups,
          pipes,
        })
      : null;
  const trials = new Map<SandboxLevel, Promise<string | null>>();

  function whyNot(level: 'standard' | 'strict'): Promise<string | null> {
    const known = trials.get(level);
    if (known) return known;
    const trial =
      launch === null
        ? Promise.resolve(bwrap === null ? NOT_INSTALLED : `There is no system call filter for ${arch} yet.`)
        : tryLevel(level, launch, host.agentHome);
    trials.set(level, trial);
    return trial;
  }

  async function detect(policy: SandboxPolicy): Promise<SandboxStatus> {
    const { level } = policy;
    const reason = level === 'off' ? null : await whyNot(level);
    if (level === 'off' || reason !== null) return statusOff(policy, containment, reason);
    const missing = [
      ...(policy.gui === 'host' ? ['screen'] : []),
      ...(policy.homeMode === 'user' ? ['home'] : []),
      ...missingLimits(policy.limits, cgroups, process.getuid?.() === 0),
    ];
    return { requested: level, achieved: level, missing, reason: null };
  }

  return {
    detect,
    forget: () => trials.clear(),
    prepare: async (command, job) => {
      const status = requireLevel(await detect(job.policy), job.policy.required);
      const { achieved } = status;
      if (achieved === 'off' || launch === null) {
        const policy: SandboxPolicy = { ...job.policy, level: 'off', required: false };
        return { ...(await off.prepare(command, { ...job, policy })), status };
      }
      const launched = await launch(achieved, command, job);
      return { status, start: async () => live.add(await launched.start()), discard: launched.discard };
    },
    stop: async (graceMs) => {
      await Promise.all([live.stop(graceMs), off.stop(graceMs)]);
      await pipes.close();
      filters?.close();
    },
  };
}
