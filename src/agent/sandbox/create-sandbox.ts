import { type Containment, findBwrap } from '../process/containment.ts';
import type { AllowListProxyOptions } from './allow-list-proxy.ts';
import type { HostPlaces } from './linux/mounts.ts';
import { createSandboxLinux } from './linux/sandbox-linux.ts';
import type { Sandbox } from './sandbox.ts';
import { createSandboxOff } from './sandbox-off.ts';

export interface CreateSandboxOptions {
  platform: NodeJS.Platform;
  /** As process.arch. */
  arch: string;
  containment: Containment;
  host: Omit<HostPlaces, 'tools'>;
  upstreamProxy: AllowListProxyOptions['upstream'];
  /** Where bwrap is looked for; absent: where systems install it. */
  bwrapPaths?: readonly string[] | undefined;
}

/** The sandbox of this system. */
export async function createSandbox(options: CreateSandboxOptions): Promise<Sandbox> {
  const { platform, containment } = options;
  if (platform === 'linux')
    return createSandboxLinux({ ...options, bwrap: await findBwrap(options.bwrapPaths) });
  return createSandboxOff({ containment, reason: `This version has no sandbox for ${platform}.` });
}
