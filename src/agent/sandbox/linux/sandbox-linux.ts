import type { Bwrap, Containment } from '../../process/containment.ts';
import { createOutputPipeSource } from '../../process/output-pipes.ts';
import type { AllowListProxyOptions } from '../allow-list-proxy.ts';
import { sendCanary } from '../canary.ts';
import type { HostPlaces } from '../host-places.ts';
import type { Launcher } from '../launcher.ts';
import { createProvedSandbox } from '../proved-sandbox.ts';
import type { Sandbox } from '../sandbox.ts';
import { createSandboxOff } from '../sandbox-off.ts';
import { CANARY } from './canary.ts';
import { findCgroups } from './cgroups.ts';
import { explainRefusal, NOT_INSTALLED } from './explain-refusal.ts';
import { openFilterSource } from './filter-source.ts';
import { createLauncher } from './launch.ts';
import { missingLimits } from './limits.ts';

export interface SandboxLinuxOptions {
  /** What ends trees at the level off. */
  containment: Containment;
  /** The bwrap to use; null: none is installed. Asked at each trial: somebody may install it while the agent runs. */
  findBwrap: () => Promise<Bwrap | null>;
  /** As process.arch. */
  arch: string;
  host: HostPlaces;
  /** The proxy by which this host reaches others. */
  upstreamProxy: AllowListProxyOptions['upstream'];
}

/** Levels by bubblewrap, namespaces and a seccomp filter; docs/security.md says what each holds back. */
export function createSandboxLinux(options: SandboxLinuxOptions): Sandbox {
  const { containment, findBwrap, arch, host, upstreamProxy } = options;
  const filters = openFilterSource(arch);
  if (!filters)
    return createSandboxOff({ containment, reason: `There is no system call filter for ${arch} yet.` });
  const pipes = createOutputPipeSource();
  const cgroups = findCgroups();
  let launchWithin: Launcher | null = null;
  const launch: Launcher = (level, command, job) => {
    if (launchWithin === null) throw new Error(`The level ${level} was to be used before it was tried`);
    return launchWithin(level, command, job);
  };
  const sandbox = createProvedSandbox({
    containment,
    pipes,
    tryLevel: async (level) => {
      const bwrap = await findBwrap();
      if (bwrap === null) return NOT_INSTALLED;
      launchWithin = createLauncher({ bwrap, filters, host, upstreamProxy, cgroups, pipes });
      return await sendCanary({
        level,
        launch,
        agentHome: host.agentHome,
        script: CANARY,
        explain: (said) => explainRefusal(said),
      });
    },
    missing: ({ gui, homeMode, limits }) => [
      ...(gui === 'host' ? ['screen'] : []),
      ...(homeMode === 'user' ? ['home'] : []),
      ...missingLimits(limits, cgroups, process.getuid?.() === 0),
    ],
    launch,
  });
  return {
    ...sandbox,
    stop: async (graceMs) => {
      await sandbox.stop(graceMs);
      filters.close();
    },
  };
}
