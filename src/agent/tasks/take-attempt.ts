import { randomBytes } from 'node:crypto';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import { backoffMs, isOutcomeUnknown, type Sleep, sleepFor } from '../kuflow/retry.ts';
import type { Task } from '../kuflow/task.ts';
import {
  type Contender,
  FRESH_MS,
  findRival,
  isWholeSince,
  LEASE_MS,
  placeOf,
  type Rivals,
  standingOf,
} from './election.ts';
import { findSuccessor } from './find-successor.ts';
import { type HowTaken, isOwnTake, type LogEntry, type TakeEntry, tagOf, takeMessage } from './take-entry.ts';
import type { TakeIntent } from './take-intent.ts';
import type { TakeMemory } from './take-memory.ts';
import { beatenBy, elsewhere, gone, type NotTaken, type Taken, type TakeResult } from './take-result.ts';

/**
 * How a task that is CLAIMED by our principal may be taken: for the next attempt of this host's own, because a person
 * said so, from a host that fell silent, or one that was assigned to us and never taken.
 */
export type Reclaim = 'retry' | 'by-hand' | 'take-over' | 'assigned';

export interface TakeInput {
  client: Pick<KuFlowClient, 'retrieveTask' | 'claimTask' | 'appendLog'>;
  taskId: string;
  /** Our principal; null until the platform told it. */
  principalId: string | null;
  hostName: string;
  installationId: string;
  /** Earlier runs of the task that this host had. */
  runIds?: readonly string[];
  attempt: number;
  /** Null: only a READY task is taken. */
  reclaim: Reclaim | null;
  memory: TakeMemory;
  /** Journals what is about to be done, before it is done. */
  onIntent: (intent: TakeIntent) => void;
  /** Ends the take as long as nothing was claimed. */
  signal: AbortSignal;
  /** The agent ends: a claim whose outcome is unknown is left to the next start (isTakeOpen). */
  closing: AbortSignal;
  sleep?: Sleep;
  random?: () => number;
  now?: () => number;
  /** So long a log is watched that changes too quickly. */
  watchMs?: number;
  /** Distinguishes this take from every other. */
  nonce?: string;
}

/** An answer and when it was asked for: what it says was true then or later. */
export interface Sight {
  task: Task;
  askedAtMs: number;
}

/** What became of an append. `absent`: our entry is not in the log; it may never have come. */
export type Appended =
  | { kind: 'there'; sight: Sight; at: number; id: string }
  | { kind: 'absent'; sight: Sight; error: AgentError | null }
  | { kind: 'refused'; error: AgentError };

/** How a claim went. `unknown`: an answer was lost on the way, and the task was read. */
export interface Claimed {
  sight: Sight;
  how: 'answered' | 'refused' | 'unknown';
}

/** Claims whose outcome stays open are looked up; so often is the claim itself made again. */
const MOST_CLAIMS = 3;

/** The calls of one take, each followed until it is known what became of it. */
export class TakeAttempt {
  readonly input: TakeInput;
  readonly nonce: string;
  readonly now: () => number;
  readonly #sleep: Sleep;
  readonly #random: () => number;
  #appends = 0;

  constructor(input: TakeInput) {
    this.input = input;
    this.nonce = input.nonce ?? randomBytes(4).toString('hex');
    this.now = input.now ?? Date.now;
    this.#sleep = input.sleep ?? sleepFor;
    this.#random = input.random ?? Math.random;
  }

  get principalId(): string | null {
    return this.input.principalId ?? this.input.memory.principalId;
  }

  isOurs({ ownerId }: Task): boolean {
    return ownerId !== null && ownerId === this.principalId;
  }

  async pause(milliseconds: number): Promise<void> {
    await this.#sleep(milliseconds, this.input.signal);
  }

  /** @throws AgentError INTERRUPTED: nothing was claimed */
  throwIfAborted(): void {
    if (this.input.signal.aborted)
      throw new AgentError('INTERRUPTED', 'Taking the task was ended before it was claimed.');
  }

  /** The task as it is, or why it is not to be had. */
  async look(options: { signal?: AbortSignal } = {}): Promise<Sight | NotTaken> {
    const askedAtMs = this.now();
    try {
      return this.#seen(await this.input.client.retrieveTask(this.input.taskId, options), askedAtMs);
    } catch (error) {
      if (!isAgentError(error) || error.code !== 'PLATFORM_REFUSED') throw error;
      return gone(`The platform does not show the task to us any more. ${error.message}`);
    }
  }

  /**
   * The task after a claim that may have succeeded. To leave now could leave a task claimed by nobody who runs it, so
   * this goes on without network, however long, until the platform answers or the agent ends.
   * @throws AgentError for isTakeOpen
   */
  async lookUntilKnown(): Promise<Sight | NotTaken> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.look();
      } catch (error) {
        await this.backOff(tries, error);
      }
    }
  }

  /**
   * Appends our entry, and looks for it where the answer does not show it. An earlier one of this take, whose answer
   * was lost, may have come meanwhile: the first after `afterId` counts.
   */
  async append(
    how: HowTaken,
    afterId: string | null,
    look: () => Promise<Sight | NotTaken>,
  ): Promise<Appended | NotTaken> {
    const { client, taskId, hostName, installationId, attempt } = this.input;
    const { nonce, principalId } = this;
    const append = ++this.#appends;
    const message = takeMessage({
      hostName,
      installationId,
      nonce,
      append,
      afterId,
      principalId,
      attempt,
      how,
    });
    const askedAtMs = this.now();
    const find = (sight: Sight): Appended | null => {
      const { logs } = sight.task;
      const after = logs.findIndex(({ id }) => id === afterId);
      const at = logs.findIndex(({ message: text }, index) => index > after && this.isOwn(text));
      const entry = logs[at];
      return entry ? { kind: 'there', sight, at, id: entry.id } : null;
    };
    let lost: AgentError | null = null;
    try {
      const answer = this.#seen(await client.appendLog(taskId, { message, level: 'INFO' }), askedAtMs);
      const found = find(answer);
      if (found) return found;
    } catch (error) {
      if (isAgentError(error) && error.code === 'PLATFORM_REFUSED') return { kind: 'refused', error };
      if (!isAgentError(error) || !isOutcomeUnknown(error)) throw error;
      lost = error;
    }
    const sight = await look();
    if ('taken' in sight) return sight;
    return find({ ...sight, askedAtMs }) ?? { kind: 'absent', sight, error: lost };
  }

  /**
   * Claims, and follows a claim whose answer was lost until it is known what became of it.
   * @param mayRepeat whether a claim that did not arrive may be made again
   * @throws AgentError the platform's refusal, when the task is READY all the same
   */
  async claim(mayRepeat: () => boolean): Promise<Claimed | NotTaken> {
    const { client, taskId, memory } = this.input;
    let unknown = false;
    for (let claims = 1; ; claims++) {
      const askedAtMs = this.now();
      try {
        const sight = this.#seen(await client.claimTask(taskId), askedAtMs);
        const { ownerId } = sight.task;
        // An answer without an owner is believed: it says 200.
        if (ownerId !== null && this.principalId === null) memory.notePrincipal(ownerId);
        if (ownerId === null || this.isOurs(sight.task)) return { sight, how: 'answered' };
        return elsewhere(`The claim was answered with another owner, ${ownerId}.`);
      } catch (error) {
        unknown ||= isOutcomeUnknown(error);
        const sight = unknown ? await this.lookUntilKnown() : await this.look();
        if ('taken' in sight) return sight;
        const { state } = sight.task;
        const again = claims < MOST_CLAIMS && mayRepeat();
        // Refused, yet READY: something else is wrong, which the platform's answer says.
        if (state === 'READY' && !(unknown && again)) throw error;
        // Without knowing who we are only the claim's own answer can tell whether it is ours.
        const mayBeOurs = unknown && this.principalId === null && state === 'CLAIMED';
        if (state !== 'READY' && !(mayBeOurs && again))
          return { sight, how: unknown ? 'unknown' : 'refused' };
        await this.backOff(claims - 1, error);
      }
    }
  }

  /** Does what must be done once a task may be claimed, however long the platform is away. */
  async untilKnown<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await work();
      } catch (error) {
        await this.backOff(tries, error);
      }
    }
  }

  won({ task, askedAtMs }: Sight, { announced = true, from = null as string | null } = {}): Taken {
    return { taken: true, task, announced, nonce: this.nonce, from, decidedAtMs: askedAtMs };
  }

  /**
   * A take that was decided by an answer older than the lease is looked at again: this host may have been frozen for
   * so long that another one took the task over.
   */
  async confirm(taken: Taken): Promise<TakeResult> {
    if (this.now() - taken.decidedAtMs <= LEASE_MS) return taken;
    const sight = await this.lookUntilKnown();
    if ('taken' in sight) return sight;
    const { task } = sight;
    if (task.state !== 'CLAIMED') return elsewhere(`The task is ${task.state} by now.`);
    if (task.ownerId !== null && !this.isOurs(task))
      return elsewhere(`The task is CLAIMED by ${task.ownerId}.`);
    const successor = findSuccessor(task.logs, this.nonce);
    return successor ? beatenBy(successor, null) : { ...taken, task, decidedAtMs: sight.askedAtMs };
  }

  /** Whether our entry in an answer is the first after `afterId`. */
  placeOf(
    afterId: string | null,
    { sight, at }: { sight: Sight; at: number },
    rivals: Rivals,
  ): ReturnType<typeof placeOf> {
    const { keeps } = this.input.memory;
    return placeOf({ afterId, logs: sight.task.logs, at, me: this.#me(), keeps, rivals });
  }

  /** The first entry of a rival's since `afterId`. */
  findRival(afterId: string | null, { task }: Sight, rivals: Rivals): LogEntry | undefined {
    return findRival(afterId, task.logs, this.#me(), rivals);
  }

  /** Whether our entry stands after the claim. */
  standingOf({ task }: Sight, entryId: string): ReturnType<typeof standingOf> {
    return standingOf(task.logs, entryId, this.#me());
  }

  /** Whether an answer came so soon after that to our append that no host can have won in between. */
  isFresh(appended: { sight: Sight; at: number }, { task }: Sight): boolean {
    const entry = appended.sight.task.logs[appended.at];
    if (!entry || task.serverTimeMs === null) return false;
    // By both clocks: ours may have been set, the platform's times may come from several.
    const ages = [this.now() - appended.sight.askedAtMs, task.serverTimeMs - Date.parse(entry.timestamp)];
    return ages.every((ageMs) => ageMs <= FRESH_MS) && (ages[0] ?? 0) >= 0;
  }

  /** Whether an answer shows everything that was appended since `afterId`, for all that is known now. */
  isWholeSince(afterId: string | null, { task }: Sight): boolean {
    return isWholeSince(afterId, task.logs, this.input.memory.keeps);
  }

  /** True for a take of this host's that keeps nobody from the task: this one, and those that came to nothing. */
  isOver({ nonce }: TakeEntry): boolean {
    const { memory, taskId } = this.input;
    return nonce === this.nonce || memory.isOver(taskId, nonce);
  }

  isOwn(message: string): boolean {
    return isOwnTake(message, this.nonce);
  }

  /** @throws AgentError for isTakeOpen when the agent ends; what is no failure of the platform's */
  async backOff(tries: number, error: unknown): Promise<void> {
    const { closing } = this.input;
    if (!isAgentError(error)) throw error;
    if (!closing.aborted) await this.#sleep(backoffMs(tries, this.#random), closing);
    if (!closing.aborted) return;
    throw new AgentError('INTERRUPTED', 'The agent ended before it was known whether the claim succeeded.', {
      details: { takeOpen: true },
      cause: error,
    });
  }

  #me(): Contender {
    const { nonce, principalId } = this;
    return { nonce, principal: principalId === null ? null : tagOf(principalId) };
  }

  #seen(task: Task, askedAtMs: number): Sight {
    this.input.memory.noteLog(task.logs.length);
    return { task, askedAtMs };
  }
}

/** Id of the log's last entry. */
export function lastId({ task }: Sight): string | null {
  return task.logs.at(-1)?.id ?? null;
}
