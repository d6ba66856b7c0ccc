import { needsSignIn } from '../../../shared/client/presence.ts';
import type { DoctorCheck } from '../../../shared/doctor.ts';
import type { Status } from '../../../shared/status.ts';
import type { Words } from '../../../shared/words/en.ts';
import type { Format } from '../../../shared/words/format.ts';

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly state: 'good' | 'bad' | 'unsure';
  /** What is so, in a sentence; `isFromAgent`: in the agent's own words, which are English. */
  readonly message: string;
  readonly isFromAgent: boolean;
  /** What to do about it; null: nothing. */
  readonly fix: string | null;
}

/** What a look at the agent's state finds, what needs somebody first. */
export function listChecks(status: Status, words: Words, format: Format, nowMs: number): Check[] {
  const checks = [
    connection(status, words),
    worker(status, words, format, nowMs),
    clock(status, words, format),
    isolation(status, words),
    ...work(status, words, format, nowMs),
    reports(status, words),
    ...status.warnings.map((warning) => ({
      ...check(`warning ${warning}`, words.health.warning, 'bad', warning),
      isFromAgent: true,
    })),
  ];
  const order = { bad: 0, unsure: 1, good: 2 };
  return checks.sort((a, b) => order[a.state] - order[b.state]);
}

/** What the first list says already. */
const SAID_ABOVE = ['agent', 'api', 'credentials', 'clock'];

/** What the agent found of its machine, what needs somebody first. */
export function listMachineChecks(checks: readonly DoctorCheck[], { health }: Words): Check[] {
  const titles: Readonly<Record<string, string>> = health.checks;
  return checks
    .filter(({ id }) => !SAID_ABOVE.includes(id))
    .map(
      ({ id, ok, message, fix }): Check => ({
        id,
        title: titles[id] ?? id,
        state: ok ? 'good' : 'unsure',
        message,
        fix,
        isFromAgent: true,
      }),
    )
    .sort((a, b) => Number(a.state === 'good') - Number(b.state === 'good'));
}

function check(
  id: string,
  title: string,
  state: Check['state'],
  message: string,
  fix: string | null = null,
): Check {
  return { id, title, state, message, fix: state === 'good' ? null : fix, isFromAgent: false };
}

function connection(status: Status, { health }: Words): Check {
  const { endpoint, state, lastError } = status.connection;
  const { connection: title } = health;
  if (state === 'connected') return check('connection', title, 'good', health.connectionOk(endpoint));
  const credentialsFix = needsSignIn(status) ? health.signInFix : health.credentialsFix;
  const fix = state === 'unauthorized' ? credentialsFix : health.connectionFix;
  return {
    ...check('connection', title, 'bad', lastError?.message ?? endpoint, fix),
    isFromAgent: lastError !== null,
  };
}

function worker(
  { worker: known, workerError, connection: link }: Status,
  { health }: Words,
  format: Format,
  nowMs: number,
): Check {
  // Where the credentials are refused the connection says so.
  if (workerError !== null && link.state === 'connected') {
    const refused = check('worker', health.worker, 'bad', workerError.message, health.workerFix);
    return { ...refused, isFromAgent: true };
  }
  if (known === null) return check('worker', health.worker, 'unsure', health.workerBad);
  return check(
    'worker',
    health.worker,
    'good',
    health.workerOk(known.identity, format.ago(known.registeredAt, nowMs)),
  );
}

function clock({ connection: { clockSkewMs } }: Status, { health }: Words, format: Format): Check {
  if (clockSkewMs === null) return check('clock', health.clock, 'good', health.clockOk);
  return check(
    'clock',
    health.clock,
    'bad',
    health.clockBad(format.duration(Math.abs(clockSkewMs))),
    health.clockFix,
  );
}

function isolation({ sandbox: { requested, achieved, missing } }: Status, { health }: Words): Check {
  const isLess = requested !== achieved || missing.length > 0;
  const message = isLess
    ? health.isolationBad(achieved, requested, missing.join(', ') || '–')
    : health.isolationOk(achieved);
  return check('isolation', health.isolation, isLess ? 'unsure' : 'good', message);
}

function work({ sources }: Status, { health }: Words, format: Format, nowMs: number): Check[] {
  return sources.map(({ name, lastPollAt }) =>
    lastPollAt === null
      ? check(`work ${name}`, health.work, 'unsure', health.workNever(name))
      : check(`work ${name}`, health.work, 'good', health.workOk(name, format.ago(lastPollAt, nowMs))),
  );
}

function reports({ runs: { unsettled } }: Status, { health }: Words): Check {
  if (unsettled === 0) return check('reports', health.reports, 'good', health.reportsOk);
  return check('reports', health.reports, 'unsure', health.reportsWaiting(unsettled), health.reportsFix);
}
