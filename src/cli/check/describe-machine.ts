import { availableParallelism, totalmem } from 'node:os';
import { nearest } from '../../agent/doctor/home-checks.ts';
import { freeBytes } from '../../agent/home/disk-space.ts';
import { assetTarget } from '../../agent/runtimes/asset-request.ts';
import type { ConnectionCheck } from '../../shared/connection-check.ts';

const GB = 1024 ** 3;
/** What a robot with a browser takes, and what is left to the person beside it. */
const GB_EACH = 2;
/** More than this is for whoever knows what the robots do. */
const MOST_ADVISED = 8;

/** What the machine brings along for robots. */
export function describeMachine(homeDir: string): ConnectionCheck['machine'] {
  const cores = availableParallelism();
  // In a container, its own share; without a limit the answer is of no use.
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.MAX_SAFE_INTEGER);
  const target = assetTarget(process.platform, process.arch);
  return {
    system: process.platform,
    architecture: process.arch,
    cores,
    memoryBytes,
    freeDiskBytes: freeBytes(nearest(homeDir)),
    advisedRuns: adviseRuns(cores, memoryBytes),
    note: 'unsupported' in target ? target.unsupported : target.note,
  };
}

/** One a core, as far as the memory goes. */
export function adviseRuns(cores: number, memoryBytes: number): number {
  return Math.max(1, Math.min(cores, Math.floor(memoryBytes / (GB_EACH * GB) + 0.25), MOST_ADVISED));
}
