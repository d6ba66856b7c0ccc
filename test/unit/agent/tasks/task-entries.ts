import type { Task } from '../../../../src/agent/kuflow/task.ts';
import { markOf } from '../../../../src/agent/logs/mark.ts';
import { type HowTaken, takeMessage, waitingMessage } from '../../../../src/agent/tasks/take-entry.ts';

type Entry = Task['logs'][number];

// A task's log in tests: what was written so many minutes after the beginning.

export const T0_MS = Date.parse('2026-01-01T00:00:00Z');
export const MINUTE_MS = 60_000;

let entries = 0;

export function said(minute: number, message: string): Entry {
  const timestamp = new Date(T0_MS + minute * MINUTE_MS).toISOString();
  return { id: `e${++entries}`, timestamp, message, level: 'INFO' };
}

interface TakeFacts {
  how?: HowTaken;
  nonce?: string;
  attempt?: number;
  /** What its host had seen of the log: all up to the entry made before it, or to this one. */
  saw?: 'all' | 'nothing' | Entry;
  principalId?: string | null;
}

/** The take of a host; its installation is its name, its nonce too unless told. */
export function took(minute: number, host: string, facts: TakeFacts = {}): Entry {
  const {
    how = 'first',
    nonce = host.replace(/\W/g, ''),
    attempt = 1,
    saw = 'all',
    principalId = null,
  } = facts;
  const afterId = saw === 'nothing' ? null : saw === 'all' ? `e${entries}` : saw.id;
  const take = { hostName: host, installationId: host, nonce, afterId, principalId, attempt, how };
  return said(minute, takeMessage(take));
}

/** A run of a host's, where a test has but one. */
const RUN_ID = '01890000-0000-7000-8000-0000deadbeef';

/** A line of a run's. */
export function line(minute: number, { run = RUN_ID, number = 1 } = {}): Entry {
  return said(minute, `a line${markOf(run, number)}`);
}

/** The last entry of a run. */
export function ended(minute: number, { run = RUN_ID, number = 2 } = {}): Entry {
  return said(minute, `Failed.\n[end failed]${markOf(run, number)}`);
}

/** What comes behind it, as long as the task waits for its next attempt. */
export function waits(minute: number, { run = RUN_ID } = {}): Entry {
  return said(minute, waitingMessage(run, '5 min'));
}
