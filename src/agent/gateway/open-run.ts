import type { ServerResponse } from 'node:http';
import type { CallingRun } from './authorize.ts';
import { type CallAllowance, CallBudget, TurnedAway } from './call-budget.ts';
import type { OperationId } from './operations.ts';

/** One call that carried a run's token, or several that were too many to be looked at. */
export interface CallRecord {
  /** When it came, ISO 8601. */
  at: string;
  runId: string;
  /** Null when it matched no operation. */
  operationId: OperationId | null;
  method: string;
  /** Path below the version, without the query; of an unmatched call as it was sent, at most 500 characters. */
  path: string;
  /** Of the answer; null if there was none. */
  status: number | null;
  verdict: 'forwarded' | 'refused';
  /** Why it was refused or did not end well; null for a call that went through, whatever the platform said. */
  reason: string | null;
  params: Readonly<Record<string, string>>;
  bytesUp: number;
  bytesDown: number;
  durationMs: number;
  /** How many calls this stands for: more than one only where a run's calls were too many. */
  times: number;
}

/** A call on its way. */
export interface LiveCall {
  operationId: OperationId;
  params: Readonly<Record<string, string>>;
  response: ServerResponse;
}

export interface OpenRunOptions extends CallingRun {
  readonly runId: string;
  readonly onCall: (call: CallRecord) => void;
  readonly allowance: CallAllowance;
}

/** A run whose token is good, with its calls on their way. */
export class OpenRun {
  readonly runId: string;
  /** Who it is to `authorize`. */
  readonly caller: CallingRun;
  readonly onCall: (call: CallRecord) => void;
  readonly budget: CallBudget;
  readonly turnedAway = new TurnedAway();
  readonly #calls = new Set<LiveCall>();

  constructor({ runId, onCall, allowance, ...caller }: OpenRunOptions) {
    this.runId = runId;
    this.caller = caller;
    this.onCall = onCall;
    this.budget = new CallBudget(allowance);
  }

  get callsOnTheirWay(): number {
    return this.#calls.size;
  }

  enter(call: LiveCall): void {
    this.#calls.add(call);
  }

  leave(call: LiveCall): void {
    this.#calls.delete(call);
  }

  isCalling(operationId: OperationId, id: string): boolean {
    for (const call of this.#calls) if (isCallOf(call, operationId, id)) return true;
    return false;
  }

  /** Ends every call; the platform's side of each is let go too. */
  cut(): void {
    this.turnedAway.flush();
    for (const call of this.#calls) call.response.destroy();
  }
}

function isCallOf(call: LiveCall, operationId: OperationId, id: string): boolean {
  return call.operationId === operationId && call.params.id?.toLowerCase() === id.toLowerCase();
}

type RecordedCall = Pick<CallRecord, 'path' | 'status' | 'verdict'> & { operationId: string | null };

/** True for the record of a call by which the robot completed this task itself. */
export function completesTask(call: RecordedCall, taskId: string): boolean {
  const succeeded = call.status !== null && call.status >= 200 && call.status < 300;
  return isCompletionOf(call, taskId) && succeeded;
}

/** True when nobody knows whether the call completed this task: its answer was lost, or was a fault of a server. */
export function mayCompleteTask(call: RecordedCall, taskId: string): boolean {
  const open = call.status === null || call.status >= 500;
  return isCompletionOf(call, taskId) && call.verdict === 'forwarded' && open;
}

function isCompletionOf(call: RecordedCall, taskId: string): boolean {
  return (
    call.operationId === 'completeProcessItemTask' &&
    call.path.toLowerCase().includes(`/${taskId.toLowerCase()}/`)
  );
}
