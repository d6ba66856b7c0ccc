import { tmpdir } from 'node:os';
import { NO_LIMITS, type SandboxPolicy } from '../../src/agent/sandbox/policy.ts';
import type { SandboxJob } from '../../src/agent/sandbox/sandbox.ts';

/** What the settings make of a robot that nothing was set for, but for what is told. */
export function aPolicy(over: Partial<SandboxPolicy> = {}): SandboxPolicy {
  return {
    level: 'standard',
    required: false,
    gui: 'none',
    allowedHosts: null,
    files: { read: [], write: [] },
    sockets: [],
    homeMode: 'run',
    limits: NO_LIMITS,
    ...over,
  };
}

export function aJob(over: Partial<SandboxJob> = {}): SandboxJob {
  return {
    policy: aPolicy(),
    cookie: { name: 'KUBOT_RUN_ID', value: `test-${process.pid}-${performance.now()}` },
    places: { write: [], read: [], tmpDir: tmpdir() },
    gateway: null,
    ...over,
  };
}
