import { AgentError } from '../../shared/errors.ts';
import type { SandboxStatus } from '../../shared/run.ts';

/**
 * The status, where what was asked for may be lowered or need not be.
 * @throws AgentError POLICY_REFUSED saying what is missing and what to do
 */
export function requireLevel(status: SandboxStatus, required: boolean): SandboxStatus {
  if (!required || (status.achieved === status.requested && !lacksFiles(status))) return status;
  const why = status.reason ?? 'It was tried and did not hold.';
  throw new AgentError(
    'POLICY_REFUSED',
    `The sandbox level ${status.requested} is not available on this host: ${why}`,
    { hint: 'Mend what the message names, set another level for this robot, or run it on another host.' },
  );
}

/** A level that keeps no files from a robot, as standard on Windows, is none for who will have it or nothing. */
function lacksFiles({ requested, missing }: SandboxStatus): boolean {
  return requested !== 'off' && missing.includes('files');
}
