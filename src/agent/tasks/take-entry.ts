import { BESIDE_THE_LOG, markOf } from '../logs/mark.ts';

/** An entry of a task's log, as far as taking looks at it. */
export interface LogEntry {
  id: string;
  /** ISO 8601, by the platform's clock. */
  timestamp: string;
  message: string;
}

export interface TakeEntry {
  kind: 'take';
  host: string;
  installationId: string;
  /** The take's own; each of its entries has it. */
  nonce: string;
  /** What its host had seen last of the log before, as `tagOf` names an entry; null: the log was empty. */
  after: string | null;
  /** As `tagOf` names it; null: the host did not know yet who it is. */
  principal: string | null;
  /** True for a task that was CLAIMED already: a next attempt, or one taken over. */
  again: boolean;
  /** True for one that was claimed before this was written, for the platform refused it on the READY task. */
  claimed: boolean;
  attempt: number;
}

/** An entry of a run, known by its mark. */
export interface RunEntry {
  /** `end`: its last; `waiting`: behind the end, as long as the task waits for its next attempt. */
  kind: 'mark' | 'end' | 'waiting';
  /** As the mark names the run. */
  run: string;
  /** Of the mark: the run's own entries count from 1. */
  number: number;
}

/** What an entry that an agent wrote is. */
export type AgentEntry = TakeEntry | RunEntry;

const TAKE =
  /^Taken (?:(again|over) )?by ([^\n]+?)(?:, attempt (\d+))? \[take ([\w-]+) (\w+)(?:\.\d+)? after (\w+)(?: of (\w+))?( claimed)?\]$/;
/** In place of an entry's tag. */
const NOTHING = 'nothing';
const MARK = / ·([0-9a-f]{8})\/(\d+)$/;
const END = /\[end [a-z-]+\] ·[0-9a-f]{8}\/\d+$/;
const WAITING = /^waits for its next attempt, [^\n]* ·[0-9a-f]{8}\/0$/;

/**
 * `first`: a READY task, before the claim; `claimed`: after the claim; `again` and `over`: one that was CLAIMED
 * already, this host's own or another's.
 */
export type HowTaken = 'first' | 'claimed' | 'again' | 'over';

/**
 * How a host says that a task is its own: for people, and for the other hosts. It tells what its host had seen, so
 * that everybody can judge whether it was beaten, and whose host it is.
 */
export function takeMessage(take: {
  hostName: string;
  installationId: string;
  nonce: string;
  /** Id of the log's last entry that its host had seen; null: the log was empty. */
  afterId: string | null;
  principalId: string | null;
  /** Counts the entries of one take: from the second on the message is another. */
  append?: number;
  attempt: number;
  how: HowTaken;
}): string {
  const { installationId, nonce, append = 1, afterId, principalId } = take;
  const host = take.hostName.replace(/[\s[\]]+/g, ' ').trim() || 'unknown';
  const how = take.how === 'again' || take.how === 'over' ? `${take.how} ` : '';
  const attempt = take.attempt > 1 ? `, attempt ${take.attempt}` : '';
  const words = [
    `take ${installationId} ${append === 1 ? nonce : `${nonce}.${append}`}`,
    `after ${afterId === null ? NOTHING : tagOf(afterId)}`,
    ...(principalId === null ? [] : [`of ${tagOf(principalId)}`]),
    ...(take.how === 'claimed' ? ['claimed'] : []),
  ];
  return `Taken ${how}by ${host}${attempt} [${words.join(' ')}]`;
}

/** How takes name entries and principals: the end of a UUID is enough within one log. */
export function tagOf(id: string): string {
  return id.replace(/\W/g, '').slice(-8);
}

/** How a host keeps others from a task whose run has told its end already. */
export function waitingMessage(runId: string, wait: string): string {
  return `waits for its next attempt, in ${wait}${markOf(runId, BESIDE_THE_LOG)}`;
}

/** Null for an entry that no agent wrote: a robot's own, a person's. */
export function readAgentEntry(message: string): AgentEntry | null {
  const take = TAKE.exec(message);
  if (take) {
    const [, again, host = '', attempt, installationId = '', nonce = '', after = '', principal, claimed] =
      take;
    return {
      kind: 'take',
      host,
      installationId,
      nonce,
      after: after === NOTHING ? null : after,
      principal: principal ?? null,
      again: again !== undefined,
      claimed: claimed !== undefined,
      attempt: Number(attempt ?? 1),
    };
  }
  const [, run, number] = MARK.exec(message) ?? [];
  if (run === undefined) return null;
  const kind = END.test(message) ? 'end' : WAITING.test(message) ? 'waiting' : 'mark';
  return { kind, run, number: Number(number) };
}

/** Null unless it is a take. */
export function readTake(message: string): TakeEntry | null {
  const entry = readAgentEntry(message);
  return entry?.kind === 'take' ? entry : null;
}

/** True for each entry that was appended for the take of this nonce. */
export function isOwnTake(message: string, nonce: string): boolean {
  return readTake(message)?.nonce === nonce;
}
