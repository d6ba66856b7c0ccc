import { setTimeout as delay } from 'node:timers/promises';
import { AgentError, toAgentError } from '../../shared/errors.ts';
import { type Shipper, startShipper } from '../logs/shipper.ts';
import { GIVE_UP_MS } from '../tasks/give-up.ts';
import { judgeSighting } from '../tasks/judge-sighting.ts';
import type { ActiveRun } from './active-run.ts';
import type { RunFolders } from './run-folders.ts';
import type { RunServices } from './run-services.ts';

/**
 * Who tells the task what the run logs; null for a run without a task.
 * @param resume goes on where an earlier agent stopped, with what is in the run log
 */
export function openShipper(
  active: ActiveRun,
  services: RunServices,
  folders: RunFolders,
  { resume } = { resume: false },
): Shipper | null {
  const { run, robot } = active;
  const { taskId } = run;
  if (taskId === null) return null;
  const { client, journal, log } = services;
  const ranMs = run.startedAt === null ? 0 : Math.max(0, services.now() - Date.parse(run.startedAt));
  const settings = services.config.robot(robot.code);
  return startShipper({
    runId: run.id,
    taskId,
    processId: run.processId,
    hostName: services.hostName,
    runLogPath: folders.runLogPath,
    api: {
      appendLog: (id, entry) => appendAsOwner(active, services, id, entry),
      readTask: (id) => client.retrieveTask(id),
      uploadDocument: (processId, document) => client.uploadDocument(processId, document),
    },
    position: {
      load: () => journal.runs.loadShipping(run.id),
      save: (position) => journal.runs.saveShipping(run.id, position),
    },
    maxEntries: settings.logMaxEntries,
    entryBytes: settings.logEntryBytes,
    intervalMs: settings.logIntervalMs,
    heartbeatMs: settings.takeOver
      ? Math.min(settings.logHeartbeatMs, LONGEST_HEARTBEAT_MS)
      : settings.logHeartbeatMs,
    documentMaxBytes: settings.logDocumentMaxBytes,
    runTimeoutMs: settings.runTimeoutMs,
    startedAtMs: performance.now() - ranMs,
    resume,
    knownBound: journal.host.loadLogBound(client.endpoint),
    // Not the wall clock: one that is put back by an hour must not hold entries up for an hour.
    now: () => performance.now(),
    sleep: async (milliseconds, signal) => {
      await delay(milliseconds, undefined, signal && { signal }).catch(() => {});
    },
    random: services.random,
    signal: services.closing,
    onAnswer: ({ state, ownerId, logs }) => {
      services.takes.noteLog(logs.length);
      judgeSighting({ taskId, state, ownerId, logs }, [active], services);
    },
    onServerBound: (entries) => journal.host.saveLogBound(client.endpoint, entries),
    onStopped: ({ message, entriesSent, linesUnsent }) => {
      services.decider.onRun(run, {
        decision: 'refused',
        code: 'LOG_REFUSED',
        message: `The platform takes no more log entries of the task after ${entriesSent}; ${linesUnsent} lines are only in the run log: ${message}`,
      });
      log.warn('Log entries are refused', { runId: run.id, entriesSent, linesUnsent });
    },
    onRetry: ({ what, message, waitMs }) =>
      log.warn('Log could not be sent yet', { runId: run.id, what, message, nextTryInMs: waitMs }),
    ...(settings.logDocumentPointer !== null && {
      linkDocument: linkDocument(active, services, settings.logDocumentPointer),
    }),
  });
}

/** Other hosts tell by its entries that a run lives. */
const LONGEST_HEARTBEAT_MS = 10 * 60_000;

/**
 * Appends an entry as long as the task is this run's. After a long silence, and after a restart, it is looked at
 * first: another host may have taken it over, and its log is that host's then.
 */
async function appendAsOwner(
  active: ActiveRun,
  services: RunServices,
  taskId: string,
  entry: Parameters<RunServices['client']['appendLog']>[1],
) {
  const { client, now } = services;
  if (now() - active.heardAtMs >= GIVE_UP_MS)
    judgeSighting({ ...(await client.retrieveTask(taskId)), taskId }, [active], services);
  if (active.successor !== null)
    throw new AgentError('PLATFORM_REFUSED', `${active.successor} has the task now.`);
  const answer = await client.appendLog(taskId, entry);
  active.heardAtMs = now();
  return answer;
}

/** Puts the document's URI into the task's data, where the customer's schema has a field for it. */
function linkDocument(active: ActiveRun, services: RunServices, pointer: string) {
  return async (documentUri: string): Promise<string | null> => {
    const { taskId } = active.run;
    if (taskId === null) return null;
    try {
      await services.client.patchTaskData(taskId, [
        { op: 'add', path: pointer, value: documentUri as never },
      ]);
      return pointer;
    } catch (thrown) {
      const { message } = toAgentError(thrown);
      services.log.warn('Log document could not be linked', { runId: active.id, pointer, message });
      return null;
    }
  };
}
