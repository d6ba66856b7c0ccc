import type { WorkerParams } from '../kuflow/create-client.ts';

/** Bound of the specification for identity, hostname and taskQueue. */
const LONGEST = 255;

export interface WorkerIdentity {
  hostName: string;
  installationId: string;
  tenantId: string | null;
  /** The engine's; null: no engine. */
  taskQueue: string | null;
  workflowTypes: readonly string[];
  activityTypes: readonly string[];
}

/** What the platform is told of this installation. */
export function describeWorker(
  worker: WorkerIdentity,
  ip: string,
  robotIds: readonly string[],
): WorkerParams {
  const { hostName, installationId, tenantId } = worker;
  const hostname = hostName.trim().slice(0, LONGEST) || 'unknown';
  return {
    identity: `${hostname.slice(0, LONGEST - installationId.length - 1)}#${installationId}`,
    taskQueue: worker.taskQueue ?? `kubot-${installationId}`,
    workflowTypes: [...worker.workflowTypes],
    activityTypes: [...worker.activityTypes],
    hostname,
    ip,
    installationId,
    robotIds: [...robotIds],
    ...(tenantId !== null && { tenantId }),
  };
}
