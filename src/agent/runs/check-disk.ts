import { statfs } from 'node:fs/promises';
import { AgentError } from '../../shared/errors.ts';

/**
 * Refuses a new run while the home's disk has less free than the reserve.
 * @throws AgentError HOST_DISK
 */
export async function checkDisk(home: string, reserveBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  if (free >= reserveBytes) return;
  const megabytes = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MB`;
  throw new AgentError(
    'HOST_DISK',
    `The disk of ${home} has ${megabytes(free)} free, less than the reserve of ${megabytes(reserveBytes)} (diskReserveBytes).`,
  );
}
