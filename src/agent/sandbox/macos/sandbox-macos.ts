import { accessSync, constants } from 'node:fs';
import type { Containment } from '../../process/containment.ts';
import { createOutputPipeSource } from '../../process/output-pipes.ts';
import type { AllowListProxyOptions } from '../allow-list-proxy.ts';
import type { HostPlaces } from '../host-places.ts';
import type { SandboxPolicy } from '../policy.ts';
import { createProvedSandbox } from '../proved-sandbox.ts';
import type { Sandbox } from '../sandbox.ts';
import { createMacLauncher } from './launch.ts';
import { tryMacLevel } from './try-level.ts';

export interface SandboxMacosOptions {
  containment: Containment;
  host: HostPlaces;
  upstreamProxy: AllowListProxyOptions['upstream'];
  sandboxExec?: string;
}

/** Apple calls it deprecated, and its own programs use it. */
const SANDBOX_EXEC = '/usr/bin/sandbox-exec';

/** Levels by Seatbelt (docs/adr/0011); written from documentation, not run yet. */
export function createSandboxMacos(options: SandboxMacosOptions): Sandbox {
  const { containment, host, upstreamProxy, sandboxExec = SANDBOX_EXEC } = options;
  const pipes = createOutputPipeSource();
  const launch = createMacLauncher({ sandboxExec, host, upstreamProxy, containment, pipes });
  return createProvedSandbox({
    containment,
    pipes,
    tryLevel: async (level) =>
      isExecutable(sandboxExec)
        ? await tryMacLevel(level, launch, host.agentHome)
        : `There is no ${sandboxExec} on this Mac.`,
    missing: missingOnMacos,
    launch,
  });
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
