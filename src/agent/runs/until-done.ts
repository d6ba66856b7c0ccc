import { AgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { Status } from '../../shared/status.ts';
import type { NextTry } from '../journal/host-records.ts';
import type { InboxPoll } from '../sources/inbox.ts';

/** Two polls this far apart that find nothing mean that there is nothing. */
const QUIET_MS = 1000;
/** How often the conditions are looked at while nothing else calls for it. */
const LOOK_MS = 200;

export interface UntilDoneOptions {
  giveUpAfterMs: number;
  /** Hears of polls and of changed runs; each returns how to stop. */
  onPoll: (listener: (poll: InboxPoll) => void) => () => void;
  onRun: (listener: (run: Run) => void) => () => void;
  connection: () => Status['connection'];
  liveRuns: () => number;
  /** A robot runs now. It goes on without network, however long, so nobody gives up under it. */
  isRobotRunning: () => boolean;
  nextTries: () => NextTry[];
  isRegistered: () => boolean;
  pokeInbox: () => void;
  now: () => number;
  sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Waits until there is no work left (`agent --once`): two quiet polls, no live run, no next try soon; or until
 * the platform refuses the credentials or stays away longer than `giveUpAfterMs`.
 */
export async function untilDone(
  options: UntilDoneOptions,
): Promise<{ failed: boolean; error: AgentError | null }> {
  const { now, giveUpAfterMs } = options;
  let failed = false;
  let quietSince: number | null = null;
  let quiet = false;
  let connectedAt = now();
  const stopRuns = options.onRun((run) => {
    quietSince = null;
    if (run.state === 'ended' && run.outcome !== 'succeeded') failed = true;
  });
  const stopPolls = options.onPoll((poll) => {
    quiet = poll.ok && poll.found === 0 && quietSince !== null && poll.at - quietSince >= QUIET_MS;
    if (!poll.ok || poll.found > 0) quietSince = null;
    else quietSince ??= poll.at;
  });
  try {
    for (;;) {
      const connection = options.connection();
      if (connection.state === 'connected') connectedAt = now();
      else if (!options.isRobotRunning()) {
        if (connection.state === 'unauthorized')
          return { failed, error: lastError(connection, refusalOf(connection)) };
        if (now() - connectedAt >= giveUpAfterMs)
          return { failed, error: lastError(connection, 'PLATFORM_UNREACHABLE') };
      }
      const busy =
        options.liveRuns() > 0 || options.nextTries().some((next) => isSoon(next, now(), giveUpAfterMs));
      if (busy) quietSince = null;
      else if (quiet && quietSince !== null && options.isRegistered()) return { failed, error: null };
      else if (quietSince !== null && now() - quietSince >= QUIET_MS) options.pokeInbox();
      await options.sleep(LOOK_MS);
    }
  } finally {
    stopRuns();
    stopPolls();
  }
}

/** A postponed task that is due is the inbox's to find; a retry that is due for long cannot go. */
function isSoon({ lasting, kind, dueAtMs }: NextTry, now: number, giveUpAfterMs: number): boolean {
  if (lasting) return false;
  return dueAtMs - now <= giveUpAfterMs && now - dueAtMs <= (kind === 'retry' ? giveUpAfterMs : 0);
}

function refusalOf({
  lastError,
}: Status['connection']): 'UNAUTHORIZED' | 'SIGN_IN_NEEDED' | 'KEYRING_UNAVAILABLE' {
  const code = lastError?.code;
  return code === 'SIGN_IN_NEEDED' || code === 'KEYRING_UNAVAILABLE' ? code : 'UNAUTHORIZED';
}

function lastError(
  connection: Status['connection'],
  code: 'UNAUTHORIZED' | 'SIGN_IN_NEEDED' | 'KEYRING_UNAVAILABLE' | 'PLATFORM_UNREACHABLE',
): AgentError {
  return new AgentError(
    code,
    connection.lastError?.message ?? `The platform at ${connection.endpoint} did not answer.`,
  );
}
