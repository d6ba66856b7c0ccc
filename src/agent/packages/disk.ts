import { AgentError, isAgentError } from '../../shared/errors.ts';
import { freeBytes, isDiskFullError } from '../home/disk-space.ts';

/** Left on the disk whatever is written. */
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * Refuses work for which the disk has no room.
 * @param doing completes "no room for 12 MB"
 * @throws AgentError HOST_DISK
 */
export async function checkFreeSpace(dir: string, bytes: number, doing: string): Promise<void> {
  if (freeBytes(dir) >= bytes + SPARE_BYTES) return;
  throw new AgentError(
    'HOST_DISK',
    `The disk has no room for ${Math.ceil(bytes / 1024 / 1024)} MB ${doing}.`,
  );
}

/**
 * What the file system refused, as this host's failure; anything else as it was.
 * @param doing completes "while": "the package of INVOICES was unpacked"
 */
export function diskError(error: unknown, doing: string): unknown {
  if (isAgentError(error) || !(error instanceof Error) || !('syscall' in error) || !('code' in error))
    return error;
  if (isDiskFullError(error))
    return new AgentError('HOST_DISK', `The disk was full while ${doing}.`, { cause: error });
  return new AgentError('HOST_DISK', `The disk could not be used while ${doing}: ${error.message}.`, {
    hint: 'Look at the disk, and at the rights of the home folder.',
    cause: error,
  });
}
