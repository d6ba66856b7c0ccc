import type { Containment } from '../process/containment.ts';
import type { Sandbox } from './sandbox.ts';
import { createSandboxOff } from './sandbox-off.ts';

export interface CreateSandboxOptions {
  platform: NodeJS.Platform;
  containment: Containment;
}

/** The sandbox of this system. */
export function createSandbox({ platform, containment }: CreateSandboxOptions): Sandbox {
  return createSandboxOff({ containment, reason: `This version has no sandbox for ${platform}.` });
}
