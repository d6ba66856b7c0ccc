import { AgentError } from '../../shared/errors.ts';
import type { DiskReserve } from '../home/disk-reserve.ts';
import { freeBytes } from '../home/disk-space.ts';

/**
 * Refuses a new run while the home's disk has less free than is to be left, or the journal's reserve is in use.
 * @throws AgentError HOST_DISK
 */
export function checkDisk(home: string, leaveBytes: number, reserve: DiskReserve): void {
  const free = freeBytes(home);
  if (free < leaveBytes) {
    throw new AgentError(
      'HOST_DISK',
      `The disk of ${home} has ${megabytes(free)} free, less than the reserve of ${megabytes(leaveBytes)} (diskReserveBytes).`,
    );
  }
  if (reserve.restore()) return;
  throw new AgentError(
    'HOST_DISK',
    `The disk of ${home} has ${megabytes(free)} free, too little for what the journal needs in reserve.`,
  );
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MB`;
}
