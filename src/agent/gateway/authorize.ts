import type { OperationId } from './operations.ts';

export type Verdict = { allowed: true } | { allowed: false; reason: string };

/** What is known of a run when one of its calls is judged. */
export interface CallingRun {
  readonly runId: string;
}

/** The worker is the agent's to register, and these three hand out credentials or keys of the host. */
const HOST_ONLY: ReadonlyMap<OperationId, string> = new Map([
  ['createAuthentication', 'it would hand out credentials of this host'],
  ['createWorker', 'only the agent registers workers'],
  ['retrieveKmsKey', 'it would hand out an encryption key of this host'],
]);

/**
 * Says whether a run may make this call. Every call of every run passes here; today the operation alone decides,
 * run and parameters are what scopes per run will be judged by.
 */
export function authorize(
  _run: CallingRun,
  operationId: OperationId,
  _params: Readonly<Record<string, string>>,
): Verdict {
  const because = HOST_ONLY.get(operationId);
  if (because === undefined) return { allowed: true };
  return { allowed: false, reason: `Robots may not call ${operationId}: ${because}.` };
}
