import type { ControlHandlers } from '../../shared/control-api.ts';
import type { Status } from '../../shared/status.ts';
import type { Courtesy } from './courtesy.ts';

export interface CourtesyHandlerParts {
  courtesy: Courtesy;
  /** The run of an id as people give it. */
  runId: (id: string) => string;
  status: () => Status;
  closing: AbortSignal;
}

/** What a person at the host, or their shell, tells the agent. */
export function createCourtesyHandlers({
  courtesy,
  runId,
  status,
  closing,
}: CourtesyHandlerParts): Pick<ControlHandlers, 'presence' | 'postpone' | 'startNow'> {
  return {
    presence: (screen, signal) =>
      courtesy.presence(screen, signal === undefined ? closing : AbortSignal.any([signal, closing])),
    postpone: async ({ id, forMs }) => {
      courtesy.postpone(runId(id), forMs);
      return status();
    },
    startNow: async ({ id }) => {
      courtesy.startNow(runId(id));
      return status();
    },
  };
}
