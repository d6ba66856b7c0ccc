import { isAgentError, toAgentError } from '../../shared/errors.ts';
import { backoffMs } from '../kuflow/retry.ts';
import type { ActiveRun } from './active-run.ts';
import type { RunServices } from './run-services.ts';

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
      const waitMs = backoffMs(tries, services.random);
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
