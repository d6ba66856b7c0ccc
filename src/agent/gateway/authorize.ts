import type { OperationId } from './operations.ts';
import { flawOfQuery } from './query.ts';
import { type Owned, REACH_OF_RUN } from './run-reach.ts';

/** `run`: its own process, task, robot and documents; `full`: whatever this host may do, but for what is the host's. */
export type GatewayScope = 'run' | 'full';

/** What is known of a run when one of its calls is judged. */
export interface CallingRun {
  readonly scope: GatewayScope;
  readonly robotId: string;
  readonly robotCode: string;
  /** Null: the run has no task, so no process or task is its own. */
  readonly processId: string | null;
  readonly taskId: string | null;
}

export interface JudgedOperation {
  operationId: OperationId;
  params: Readonly<Record<string, string>>;
  /** `?…` as it came, or empty. */
  query: string;
}

/** `setting` is the one that would allow the call; null where none would. */
export type Verdict =
  | { allowed: true }
  | { allowed: false; status: 400 | 403; reason: string; setting: string | null };

/** The worker is the agent's to register, and these three hand out credentials or keys of the host. */
const HOST_ONLY: ReadonlyMap<OperationId, string> = new Map([
  ['createAuthentication', 'it would hand out credentials of this host'],
  ['createWorker', 'only the agent registers workers'],
  ['retrieveKmsKey', 'it would hand out an encryption key of this host'],
]);

/** Says whether a run may make this call. Every call of every run passes here. */
export function authorize(run: CallingRun, { operationId, params, query }: JudgedOperation): Verdict {
  const because = HOST_ONLY.get(operationId);
  if (because !== undefined) {
    return refused(`Robots may not call ${operationId}: ${because}.`, null);
  }
  if (run.scope === 'full') return { allowed: true };
  const reach = REACH_OF_RUN[operationId];
  const setting = `robots.${run.robotCode}.gatewayScope`;
  const wayOut = `It would need the gateway scope full, which whoever governs this machine can set (${setting}).`;
  if (reach === undefined) {
    return refused(
      `Robots may not call ${operationId} with the gateway scope run: it reaches beyond the run's own process, task and robot. ${wayOut}`,
      setting,
    );
  }
  const own = idOf(run, reach.own);
  if (own === null) {
    return refused(
      `Robots may not call ${operationId} in a run without a task: there is no ${reach.own} of its own. ${wayOut}`,
      setting,
    );
  }
  if (params.id !== own) {
    return refused(
      `Robots may not call ${operationId} with the gateway scope run on the ${reach.own} ${params.id}: the run's own is ${own}. ${wayOut}`,
      setting,
    );
  }
  const flaw = flawOfQuery(query, reach.query ?? []);
  return flaw === null ? { allowed: true } : { allowed: false, status: 400, reason: flaw, setting: null };
}

function refused(reason: string, setting: string | null): Verdict {
  return { allowed: false, status: 403, reason, setting };
}

function idOf(run: CallingRun, owned: Owned): string | null {
  if (owned === 'robot') return run.robotId;
  return owned === 'process' ? run.processId : run.taskId;
}
