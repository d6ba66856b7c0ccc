import { AgentError, assertNever, ERRORS, type RunOutcome, toAgentError } from '../../shared/errors.ts';
import type { RunError } from '../../shared/run.ts';
import type { ProcessExit } from '../process/robot-process.ts';

/** How a run ended: a value, because a robot's failure is no failure of the agent. */
export interface RunEnd {
  outcome: RunOutcome;
  error: RunError | null;
  exitCode: number | null;
  signal: string | null;
}

/** Why the agent itself ended the robot; the first reason wins. */
export type TerminationReason = 'timeout' | 'cancelled-by-operator' | 'cancelled-by-platform' | 'cut-off';

/** The end of a robot that was started, from its exit and from what the agent did to it. */
export function endOfProcess(exit: {
  exitCode: number | null;
  signal: string | null;
  termination: TerminationReason | null;
  /** Who asked for its end, where it was not the owner. */
  terminatedBy?: string | null;
  timeoutMs: number;
  platformState: string | null;
  diskFull: boolean;
  /** The limit of its tree that it ran into. */
  limit?: ProcessExit['limit'];
  limits?: Partial<Record<Limit, number | null | undefined>>;
}): RunEnd {
  const { exitCode, signal } = exit;
  const ended = (error: AgentError): RunEnd => ({ ...endOfError(error), exitCode, signal });
  switch (exit.termination) {
    case 'timeout':
      return ended(
        new AgentError(
          'RUN_TIMEOUT',
          `The robot ran longer than ${describeDuration(exit.timeoutMs)} and was ended.`,
        ),
      );
    case 'cancelled-by-operator':
      return ended(
        new AgentError(
          'CANCELLED_BY_OPERATOR',
          `The run was cancelled ${exit.terminatedBy ? `by ${exit.terminatedBy} ` : ''}on its host.`,
        ),
      );
    case 'cancelled-by-platform':
      return ended(
        new AgentError(
          'CANCELLED_BY_PLATFORM',
          `The task is no longer this run's: the platform says ${exit.platformState ?? 'that it was ended'}.`,
        ),
      );
    case 'cut-off':
      return ended(
        new AgentError(
          'AGENT_CRASHED',
          'This host could not reach the platform for 15 minutes and ended the robot: another host may have taken the task over.',
        ),
      );
    case null:
      break;
    default:
      assertNever(exit.termination);
  }
  if (exitCode === 0) return { outcome: 'succeeded', error: null, exitCode, signal };
  if (exit.diskFull)
    return ended(new AgentError('DISK_FULL', 'The disk of the host was full while the robot ran.'));
  const { limit } = exit;
  const why = limit === undefined ? '' : ` ${explainLimit(limit, exit.limits?.[limit])}`;
  const more = limit === undefined ? {} : { hint: `Raise limits.${limit} if this robot needs more.` };
  if (signal !== null)
    return ended(new AgentError('ROBOT_SIGNAL', `The robot was ended by signal ${signal}.${why}`, more));
  return ended(
    new AgentError('ROBOT_EXIT', `The robot ended with exit code ${exitCode ?? 'unknown'}.${why}`, more),
  );
}

type Limit = NonNullable<ProcessExit['limit']>;

function explainLimit(limit: Limit, value: number | null | undefined): string {
  switch (limit) {
    case 'memoryBytes':
      return `Its processes needed more memory than limits.memoryBytes allows: ${Math.round((value ?? 0) / 1024 ** 2)} MB.`;
    case 'processes':
      return `It was refused a process beyond limits.processes: ${value}.`;
    default:
      return assertNever(limit);
  }
}

/** The end of a run that an error ended. A host's error ends only runs that no task waits for. */
export function endOfError(thrown: unknown): RunEnd {
  const error = toAgentError(thrown);
  return {
    outcome: ERRORS[error.code].outcome ?? 'prepare-failed',
    error: { code: error.code, message: error.message, hint: error.hint, details: error.details },
    exitCode: null,
    signal: null,
  };
}

/** `90000` → "1 min 30 s". */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const parts: string[] = [];
  let rest = Math.round(milliseconds / 1000);
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}
