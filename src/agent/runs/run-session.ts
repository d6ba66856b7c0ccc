import type { Run } from '../../shared/run.ts';
import { type CallRecord, completesTask, mayCompleteTask } from '../gateway/open-run.ts';
import { createRunLog, type RunLog } from '../logs/log-pipeline.ts';
import { MIN_SECRET_BYTES } from '../logs/secret-forms.ts';
import type { Shipper } from '../logs/shipper.ts';
import type { ShipperEnd } from '../logs/shipper-ports.ts';
import type { ActiveRun } from './active-run.ts';
import { openShipper } from './open-shipper.ts';
import { describeDuration, type RunEnd } from './outcome.ts';
import { makeRunFolders, type RunFolders, runFolders } from './run-folders.ts';
import type { RunServices } from './run-services.ts';

/** What settling a run needs: its folders, its log and somebody who ships it. */
export interface SettlingSession {
  readonly folders: RunFolders;
  readonly log: RunLog;
  /** Writes how the run ended into its log. */
  sayEnd(end: RunEnd): void;
  /** Ships the rest, the document and the last entry; tried until the platform takes them. */
  finish(summary: string, end: RunEnd): Promise<Partial<Run['log']>>;
}

/** What a run has from its take to its settling. */
export interface RunSession extends SettlingSession {
  /** KUFLOW_API_TOKEN. */
  readonly token: string;
}

/** Opens the session of a run that was just taken. The token dies with `finish`. */
export async function startRunSession(active: ActiveRun, services: RunServices): Promise<RunSession> {
  const { run, robot, request } = active;
  const folders = runFolders(services.paths.runs, run.id);
  makeRunFolders(folders);
  const access = services.gateway.openRun({
    runId: run.id,
    scope: services.config.robot(robot.code).gatewayScope,
    robotId: robot.id,
    robotCode: robot.code,
    processId: run.processId,
    taskId: run.taskId,
    onCall: (call) => noteCall(active, services, call),
  });
  active.loseAccess = () => access.close();
  active.isCompleting = () => run.taskId !== null && access.isCalling('completeProcessItemTask', run.taskId);
  const secrets = services.variables.secretsOf(robot, request.variables);
  let shipper: Shipper | null = null;
  const log = createRunLog({
    path: folders.runLogPath,
    secrets: [...secrets.values, access.token],
    now: services.now,
    maxBytes: services.config.settings.runLogMaxBytes,
    onBlock: (block, scan) => shipper?.offer(block, scan),
  });
  shipper = openShipper(active, services, folders);
  log.agentLine('INFO', firstLine(run));
  for (const name of secrets.tooShort) log.agentLine('WARN', tooShortText(name));
  return {
    folders,
    token: access.token,
    log,
    sayEnd: (end) => sayEnd(log, active, end),
    finish: async (summary, end) => {
      access.close();
      log.end();
      return { ...log.counters, ...(await shipper?.finish(shipperEnd(services, summary, end))) };
    },
  };
}

/**
 * Opens what a crash of the agent left of a run: its log goes on where it was cut off, and what the task was not
 * told yet is told from the file. Nothing runs any more, so there is no token.
 */
export function resumeRunSession(active: ActiveRun, services: RunServices): SettlingSession {
  const folders = runFolders(services.paths.runs, active.id);
  makeRunFolders(folders);
  const log = createRunLog({
    path: folders.runLogPath,
    secrets: services.hostSecrets(),
    now: services.now,
  });
  return {
    folders,
    log,
    sayEnd: (end) => sayEnd(log, active, end),
    finish: async (summary, end) => {
      log.end();
      // Only now: it reads the file, and must find it whole.
      const shipper = openShipper(active, services, folders, { resume: true });
      return { ...log.counters, ...(await shipper?.finish(shipperEnd(services, summary, end))) };
    },
  };
}

function sayEnd(log: RunLog, active: ActiveRun, end: RunEnd): void {
  for (const line of lastLinesOf(end)) log.agentLine('INFO', `| ${line}`);
  if (end.error !== null) {
    log.agentLine('ERROR', `${end.error.message} [${end.error.code}]`);
    if (end.error.hint !== null) log.agentLine('INFO', `What to do: ${end.error.hint}`);
  } else if (active.run.durationMs !== null) {
    log.agentLine('INFO', `The robot ended well after ${describeDuration(active.run.durationMs)}.`);
  }
}

function shipperEnd(services: RunServices, summary: string, { outcome }: RunEnd): ShipperEnd {
  const keepUntil = new Date(services.now() + services.config.settings.runRetentionMs).toISOString();
  return { outcome, summary, keepUntil };
}

function noteCall(active: ActiveRun, services: RunServices, call: CallRecord): void {
  services.journal.touched.addCall(active.id, call);
  const { taskId } = active.run;
  if (taskId === null) return;
  active.completedByRobot ||= completesTask(call, taskId);
  active.mayBeCompletedByRobot ||= mayCompleteTask(call, taskId);
}

/** What a failed post-install step said last. */
function lastLinesOf(end: RunEnd): string[] {
  const lines = end.error?.details?.lastLines;
  return Array.isArray(lines) ? lines.map(String) : [];
}

function tooShortText(name: string): string {
  return `The value of ${name} is not masked: it has fewer than ${MIN_SECRET_BYTES} bytes, and masking it would hide much else.`;
}

/** Which run, how far it is kept from the machine, and whether there is a task: for whoever opens the log. */
function firstLine(run: Run): string {
  const { requested, achieved, missing } = run.sandbox;
  const sandbox =
    requested === achieved && missing.length === 0
      ? achieved
      : `${achieved} (asked for ${requested}; not kept apart: ${missing.join(', ')})`;
  const task =
    run.taskId === null ? '; without a task, so KUFLOW_TASK_ID and KUFLOW_PROCESS_ID are unset' : '';
  return `Run ${run.id}, attempt ${run.attempt}, ${run.robot.code} revision ${(run.robot.revision ?? 'unknown').slice(0, 12)}; sandbox ${sandbox}${task}`;
}
