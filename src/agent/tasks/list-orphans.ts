import { AgentError, assertNever } from '../../shared/errors.ts';
import type { Orphan } from '../../shared/orphan.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import type { Task } from '../kuflow/task.ts';
import { describeDuration } from '../runs/outcome.ts';
import { type ClaimStanding, claimStandingOf } from './claim-standing.ts';

export interface OrphanServices {
  client: Pick<KuFlowClient, 'findTasks' | 'retrieveTask'>;
  tenantId: string | null;
  principalId: () => string | null;
  installationId: string;
  /** True for a task that runs here, or waits here for its next attempt. */
  isAtWork: (taskId: string) => boolean;
  /** Ids of the runs of a task that this host had. */
  runsOf: (taskId: string) => readonly string[];
  /** Code of the robot that serves such tasks here; null: none does. */
  robotFor: (definitionCode: string) => string | null;
}

const MOST_TASKS = 1000;
const AT_ONCE = 8;

/**
 * The tasks that are CLAIMED by our principal and that no live host answers for.
 * @throws AgentError CONFLICT before the platform told who we are; what the platform answers
 */
export async function listOrphans(services: OrphanServices): Promise<Orphan[]> {
  const { client, tenantId, isAtWork } = services;
  const ours = services.principalId();
  if (ours === null) {
    throw new AgentError('CONFLICT', 'The platform has not told yet which tasks are ours.', {
      hint: 'See kubot status, and try again once this host is registered.',
    });
  }
  const claimed = await client.findTasks({
    states: ['CLAIMED'],
    definitionCodes: [],
    tenantId,
    limit: MOST_TASKS,
  });
  const ids = claimed.filter(({ id, ownerId }) => ownerId === ours && !isAtWork(id)).map(({ id }) => id);
  const orphans: Orphan[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const tasks = await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => client.retrieveTask(id)));
    for (const task of tasks) {
      // The page was older than this.
      if (task.state === 'CLAIMED' && task.ownerId === ours) orphans.push(...orphanOf(task, services));
    }
  }
  return orphans;
}

/** None when somebody answers for it, or its run's end was told: then it is kept on purpose. */
function orphanOf(task: Task, services: OrphanServices): Orphan[] {
  const runIds = services.runsOf(task.id);
  const standing = claimStandingOf(task, { installationId: services.installationId, runIds });
  const kind = kindOf(standing, runIds.length > 0);
  if (kind === null) return [];
  const robot = services.robotFor(task.definitionCode);
  const { take, lastEntryAtMs } =
    standing.kind === 'unmarked' ? { take: null, lastEntryAtMs: null } : standing;
  const settle = `kubot settle ${task.id}`;
  return [
    {
      taskId: task.id,
      processId: task.processId,
      definitionCode: task.definitionCode,
      robot,
      kind,
      host: take?.host ?? null,
      lastEntryAt: lastEntryAtMs === null ? null : new Date(lastEntryAtMs).toISOString(),
      message: messageOf(kind, take?.host ?? null, ageOf(task, lastEntryAtMs)),
      actions: [
        ...(robot === null
          ? []
          : [{ action: 'start' as const, command: `kubot start ${robot} --task ${task.id}` }]),
        { action: 'complete', command: `${settle} --complete` },
        { action: 'hand-over', command: `${settle} --hand-over EMAIL` },
      ],
    },
  ];
}

function kindOf(standing: ClaimStanding, hasHistory: boolean): Orphan['kind'] | null {
  switch (standing.kind) {
    case 'ended':
      return null;
    case 'unmarked':
      return hasHistory ? null : 'unmarked';
    case 'live':
    case 'silent':
      if (standing.isOwn) return 'own';
      return standing.kind === 'silent' ? 'silent' : null;
    default:
      return assertNever(standing);
  }
}

function messageOf(kind: Orphan['kind'], host: string | null, ageMs: number | null): string {
  const since = ageMs === null ? 'for a while' : `for ${describeDuration(ageMs)}`;
  switch (kind) {
    case 'silent':
      return `${host ?? 'The host that took it'} has told nothing of it ${since}.`;
    case 'own':
      return `This host took it, has told nothing of it ${since}, and has no run of it any more.`;
    case 'unmarked':
      return 'It is claimed with our credentials, but no host says in its log that it took it.';
    default:
      return assertNever(kind);
  }
}

function ageOf({ serverTimeMs }: Task, lastEntryAtMs: number | null): number | null {
  return serverTimeMs === null || lastEntryAtMs === null ? null : Math.max(0, serverTimeMs - lastEntryAtMs);
}
