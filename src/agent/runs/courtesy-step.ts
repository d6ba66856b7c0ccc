import { AgentError, toAgentError } from '../../shared/errors.ts';
import { type CourtesyVerdict, explainCourtesy } from '../courtesy/judge-courtesy.ts';
import { elsewhere, gone } from '../tasks/take-result.ts';
import type { ActiveRun } from './active-run.ts';
import type { RunServices } from './run-services.ts';
import type { SlotLease } from './scheduler.ts';
import { standBack } from './take-step.ts';

/**
 * A slot for a run that drives the screen, once the person at this host lets it begin (docs/adr/0016). Nothing is
 * claimed meanwhile: another host may take the task. What may last holds no slot; a countdown holds it, so that no
 * other robot begins under it.
 * @param acquire tells when the slot is not to be had at once
 * @returns null when the task is another's or over, and the run is forgotten
 * @throws AgentError INTERRUPTED, and what `acquire` throws
 */
export async function courtesyStep(
  active: ActiveRun,
  services: RunServices,
  acquire: (onWait: () => void) => Promise<SlotLease>,
): Promise<SlotLease | null> {
  const { courtesy, scheduler, decider } = services;
  const guest = courtesy.admit(active.run);
  const task = watchTask(active, services);
  let lease: SlotLease | null = null;
  let hasBegun = false;
  try {
    for (;;) {
      const verdict = guest.judge();
      // A host that is paused under a countdown starts nothing.
      if (verdict.kind === 'wait' || (verdict.kind === 'count-down' && scheduler.isHeld)) {
        lease?.release();
        lease = null;
      }
      if (verdict.kind !== 'wait') {
        if (lease === null) {
          lease = await acquire(() => guest.show(null));
          // It may have taken long.
          continue;
        }
        if (verdict.kind === 'start') {
          hasBegun = true;
          return lease;
        }
      }
      if (task.isDue()) {
        if (await task.isOver()) return null;
        // Asking took time, which is none of the countdown's.
        continue;
      }
      await wait(verdict);
    }
  } finally {
    if (!hasBegun) lease?.release();
    guest.leave(hasBegun);
  }

  async function wait(verdict: Exclude<CourtesyVerdict, { kind: 'start' }>): Promise<void> {
    if (active.run.state === 'preparing') active.become('queued');
    guest.show(verdict);
    decider.onRun(active.run, { decision: 'postponed', ...explainCourtesy(verdict) });
    await guest.untilChange(verdict.untilMs, active.signal);
    if (active.signal.aborted)
      throw new AgentError('INTERRUPTED', 'The wait for the person at this host was ended.');
  }
}

/** Looks now and then whether the task is still to be had: the run stands back where it is not. */
function watchTask(active: ActiveRun, services: RunServices) {
  const { client, config, now, random, log } = services;
  const { taskId } = active.run;
  let dueAtMs = 0;
  const isOver = async (): Promise<boolean> => {
    if (taskId === null) return false;
    try {
      const { state } = await client.retrieveTask(taskId, { signal: active.signal });
      if (state === 'READY' || (active.request.reclaim !== null && state === 'CLAIMED')) return false;
      const what = 'while this host waited for the person at it';
      standBack(
        active,
        services,
        state === 'CLAIMED'
          ? elsewhere(`The task was taken elsewhere ${what}.`)
          : gone(`The task became ${state} ${what}.`),
      );
      return true;
    } catch (error) {
      log.debug('Waiting task could not be looked up', { taskId, message: toAgentError(error).message });
      return false;
    } finally {
      dueAtMs = now() + config.settings.taskCheckMs * (0.8 + 0.4 * random());
    }
  };
  return { isDue: () => taskId !== null && now() >= dueAtMs, isOver };
}
