import { isAgentError, toAgentError } from '../../shared/errors.ts';
import type { ActiveRun } from './active-run.ts';
import type { RunServices } from './run-services.ts';

/** Waits between tries to tell an unreachable platform, doubled from the first to the last. */
const FIRST_WAIT_MS = 1000;
const LAST_WAIT_MS = 60_000;

/** Does `work` until the platform takes it. Throws only an error that `givesUp` says no further try can mend. */
export async function untilTaken<T>(
  active: ActiveRun,
  services: RunServices,
  work: () => Promise<T>,
  givesUp: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (givesUp(error)) throw error;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries, 10), LAST_WAIT_MS);
      services.log.warn('Run could not be settled yet', {
        runId: active.id,
        code: isAgentError(error) ? error.code : 'UNEXPECTED',
        message: toAgentError(error).message,
        nextTryInMs: waitMs,
      });
      await services.sleep(waitMs);
    }
  }
}
