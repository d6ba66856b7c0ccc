import { type Containment, findBwrap } from '../process/containment.ts';
import type { AllowListProxyOptions } from './allow-list-proxy.ts';
import type { HostPlaces } from './host-places.ts';
import { createSandboxLinux } from './linux/sandbox-linux.ts';
import { createSandboxMacos } from './macos/sandbox-macos.ts';
import type { Sandbox } from './sandbox.ts';
import { createSandboxOff } from './sandbox-off.ts';
import { createSandboxWindows } from './windows/sandbox-windows.ts';

export interface CreateSandboxOptions {
  platform: NodeJS.Platform;
  /** As process.arch. */
  arch: string;
  containment: Containment;
  host: HostPlaces;
  upstreamProxy: AllowListProxyOptions['upstream'];
  /** The host's own. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Where bwrap is looked for; absent: where systems install it. */
  bwrapPaths?: readonly string[] | undefined;
}

/** The sandbox of this system. */
export function createSandbox(options: CreateSandboxOptions): Sandbox {
  const { platform, containment } = options;
  if (platform === 'linux')
    return createSandboxLinux({ ...options, findBwrap: () => findBwrap(options.bwrapPaths) });
  if (platform === 'darwin') return createSandboxMacos(options);
  if (platform === 'win32') {
    const { host, environment = {} } = options;
    return createSandboxWindows({ containment, agentHome: host.agentHome, environment });
  }
  return createSandboxOff({ containment, reason: `This version has no sandbox for ${platform}.` });
}
