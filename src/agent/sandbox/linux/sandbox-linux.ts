import type { Containment } from '../../process/containment.ts';
import { createOutputPipeSource } from '../../process/output-pipes.ts';
import type { AllowListProxyOptions } from '../allow-list-proxy.ts';
import { sendCanary } from '../canary.ts';
import type { HostPlaces } from '../host-places.ts';
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
  /** The bwrap to use; null: none is installed. */
  bwrap: { path: string; limitsTmpfs: boolean } | null;
  /** As process.arch. */
  arch: string;
  host: HostPlaces;
  /** The proxy by which this host reaches others. */
  upstreamProxy: AllowListProxyOptions['upstream'];
}

/** Levels by bubblewrap, namespaces and a seccomp filter; docs/security.md says what each holds back. */
export function createSandboxLinux(options: SandboxLinuxOptions): Sandbox {
  const { containment, bwrap, arch, host, upstreamProxy } = options;
  if (bwrap === null) return createSandboxOff({ containment, reason: NOT_INSTALLED });
  const filters = openFilterSource(arch);
  if (!filters)
    return createSandboxOff({ containment, reason: `There is no system call filter for ${arch} yet.` });
  const pipes = createOutputPipeSource();
  const cgroups = findCgroups();
  const { path: bwrapPath, limitsTmpfs } = bwrap;
  const launch = createLauncher({ bwrapPath, limitsTmpfs, filters, host, upstreamProxy, cgroups, pipes });
  const sandbox = createProvedSandbox({
    containment,
    pipes,
    tryLevel: (level) =>
      sendCanary({
        level,
        launch,
        agentHome: host.agentHome,
        script: CANARY,
        explain: (said) => explainRefusal(said),
      }),
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
