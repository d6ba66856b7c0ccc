import { AgentError, isAgentError, toAgentError } from '../../shared/errors.ts';
import { drivesScreen } from '../../shared/robot-settings.ts';
import { isDiskFullError } from '../home/disk-space.ts';
import { requireLevel } from '../sandbox/require-level.ts';
import { isTakeOpen } from '../tasks/take-result.ts';
import type { ActiveRun } from './active-run.ts';
import { courtesyStep } from './courtesy-step.ts';
import { executeRobot } from './execute-robot.ts';
import { endOfError, type RunEnd } from './outcome.ts';
import type { PreparedRobot } from './prepare-robot.ts';
import { resolveOperation } from './resolve-operation.ts';
import { robotLimit } from './robot-limit.ts';
import type { RunServices } from './run-services.ts';
import { type RunSession, startRunSession } from './run-session.ts';
import type { SlotLease } from './scheduler.ts';
import { settleRun } from './settle-run.ts';
import { takeStep } from './take-step.ts';
import { endUntaken, endWithError, leaveTask, postponeTask } from './untaken-run.ts';

/** What preparing led to: something to run, or a failure of the package's that its task must be told. */
type Preparation = { prepared: PreparedRobot; shell: string } | { error: AgentError };

/**
 * One run from queued to ended: prepare → slot → take → run → settle. Never rejects: what cannot be run is
 * settled, postponed or left, each with its decision.
 */
export async function liveRun(active: ActiveRun, services: RunServices): Promise<void> {
  let lease: SlotLease | null = null;
  try {
    const policy = services.sandboxPolicyOf(active.robot.code);
    active.change({ sandbox: requireLevel(await services.sandbox.detect(policy), policy.required) });
    // A disk that is nearly full is not filled further by what a run would need.
    services.checkDisk();
    const preparation = await prepareStep(active, services);
    lease = await slotStep(active, services, preparation);
    if (lease === null) return;
    services.checkDisk();
    if ((await takeStep(active, services)) === null) return;
    await runAndSettle(active, services, preparation, () => {
      lease?.release();
      lease = null;
    });
  } catch (thrown) {
    // The agent goes down: what was taken, or may have been, is the next start's.
    if ((active.taken || isTakeOpen(thrown)) && services.closing.aborted) return;
    endEarly(active, services, toAgentError(thrown));
  } finally {
    lease?.release();
  }
}

async function prepareStep(active: ActiveRun, services: RunServices): Promise<Preparation> {
  const { request } = active;
  const failureKey = () => services.variables.failureKey(active.robot);
  if (request.source === 'inbox' && !request.reclaim) holdBack(services.failures.findHolding(failureKey()));
  if (!services.preparer.findPrepared(active.robot)) active.become('preparing');
  try {
    const prepared = await prepareLatest(active, services);
    services.failures.forget(failureKey());
    active.places = prepared.places;
    const operation = resolveOperation(prepared.manifest, request.operation);
    active.change({
      operation: operation.name,
      runtimes: { ...prepared.environment.runtimes },
      robot: { ...active.run.robot, revision: prepared.revision },
    });
    return { prepared, shell: operation.shell };
  } catch (thrown) {
    const error = toAgentError(thrown);
    if (error.blame !== 'package') throw error;
    if (error.code === 'POST_INSTALL_FAILED')
      holdBack(services.failures.tell(failureKey(), error, request.taskId));
    return { error };
  }
}

/** The robot, ready; once more if its package was uploaded anew since the catalogue was read. */
async function prepareLatest(active: ActiveRun, services: RunServices): Promise<PreparedRobot> {
  const { robot, signal } = active;
  try {
    return await services.preparer.prepare(robot, signal);
  } catch (error) {
    if (!isAgentError(error) || error.code !== 'PACKAGE_HASH_MISMATCH') throw error;
    const latest = await services.lookUpRobot(robot.id);
    if (!latest || latest.revision === robot.revision) throw error;
    active.robot = latest;
    return await services.preparer.prepare(latest, signal);
  }
}

/** Post-install failed and another task was told: this one waits for the next try. */
function holdBack(held: { message: string; nextTryAtMs: number } | undefined): void {
  if (held) throw new HeldBack(held);
}

class HeldBack extends AgentError {
  readonly dueAtMs: number;

  constructor(held: { message: string; nextTryAtMs: number }) {
    super('POST_INSTALL_FAILED', `Post-install failed before: ${held.message}`);
    this.dueAtMs = held.nextTryAtMs;
  }
}

/** @returns null when the task was another's before the person at this host let it begin */
async function slotStep(
  active: ActiveRun,
  services: RunServices,
  preparation: Preparation,
): Promise<SlotLease | null> {
  const settings = services.config.robot(active.robot.code);
  const request = {
    runId: active.id,
    robotCode: active.robot.code,
    desktop: drivesScreen(settings),
    robotLimit: robotLimit(services.config, active.robot.code),
  };
  const acquire = (onWait = () => {}) => {
    const waits = services.scheduler.reasonToWait(request);
    if (waits) {
      if (active.run.state === 'preparing') active.become('queued');
      services.decider.onRun(active.run, { decision: 'postponed', ...waits });
      onWait();
    }
    return services.scheduler.acquire(request, active.signal);
  };
  // Whoever started it by hand asked for it, and a package that is only told of touches no screen.
  const isAnnounced = request.desktop && active.request.source !== 'manual' && 'prepared' in preparation;
  return isAnnounced ? await courtesyStep(active, services, acquire) : await acquire();
}

/** From here on the run is ours: however it goes, it ends and is settled. */
async function runAndSettle(
  active: ActiveRun,
  services: RunServices,
  preparation: Preparation,
  freeSlot: () => void,
): Promise<void> {
  let session: RunSession | null = null;
  let end: RunEnd;
  try {
    session = await startRunSession(active, services);
    end =
      'error' in preparation
        ? endOfError(preparation.error)
        : await executeRobot(active, services, session, preparation);
  } catch (thrown) {
    if (services.closing.aborted) throw thrown;
    const error = toRunError(thrown);
    services.log.error('Run broke off', { runId: active.id, code: error.code, message: error.message });
    end = endOfError(error);
  }
  freeSlot();
  await settleRun(active, services, end, session);
}

/** A disk that is full is no fault of the agent's. */
function toRunError(thrown: unknown): AgentError {
  if (!isDiskFullError(thrown)) return toAgentError(thrown);
  return new AgentError('DISK_FULL', 'The disk of the host was full when the robot was to be started.', {
    cause: thrown,
  });
}

/** A run that ends before its task was taken. */
function endEarly(active: ActiveRun, services: RunServices, error: AgentError): void {
  if (active.abandoned) leaveTask(active, services);
  else if (active.termination !== null) endUntaken(active, services, active.termination);
  else if (active.run.taskId === null) endWithError(active, services, error);
  // A fault of the agent's own waits like one of the host: tried again at once, it would be made again and again.
  else postponeTask(active, services, error, error instanceof HeldBack ? error.dueAtMs : undefined);
}
