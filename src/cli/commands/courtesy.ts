import { type Courtesy, type CourtesyNext, POSTPONE_SHORT_MS } from '../../shared/courtesy.ts';
import { AgentError, assertNever } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { connectToAgent } from '../control-client.ts';
import { localTime } from '../text.ts';
import { durationOption } from './orders.ts';

/** Puts off the desktop run that is next, and every other one with it. */
export async function postpone(
  { homeDir, terminal }: Context,
  [id]: [string?],
  options: { for?: string },
): Promise<number> {
  const forMs = options.for === undefined ? POSTPONE_SHORT_MS : durationOption('--for', options.for);
  const agent = connectToAgent(homeDir);
  const status = await agent.postpone({ id: id ?? nextOf((await agent.status()).courtesy), forMs });
  terminal.json(status);
  const until = status.courtesy?.postponedUntil ?? null;
  terminal.line(
    until === null ? 'Nothing is put off.' : `Robots that drive the screen wait until ${localTime(until)}.`,
  );
  return 0;
}

/** Lets the desktop run that is next begin. */
export async function startNow({ homeDir, terminal }: Context, [id]: [string?]): Promise<number> {
  const agent = connectToAgent(homeDir);
  const status = await agent.startNow({ id: id ?? nextOf((await agent.status()).courtesy) });
  terminal.json(status);
  terminal.line('It begins as soon as it has a slot.');
  return 0;
}

/** What `status` says of the person at the host; null: nothing, for nobody is told of. */
export function courtesyText(courtesy: Courtesy | null, now = Date.now()): string | null {
  if (courtesy === null) return null;
  const { locked, presenting, postponedUntil, next } = courtesy;
  const facts = [
    next?.waitsFor === 'return' ? 'nobody, since a moment ago' : 'a person is here',
    ...(locked ? ['the screen is locked'] : []),
    ...(presenting ? ['presenting'] : []),
    ...(postponedUntil === null ? [] : [`desktop robots put off until ${localTime(postponedUntil)}`]),
    ...(next === null ? [] : [nextText(next, now)]),
  ];
  return facts.join(', ');
}

function nextText({ robot, waitsFor, until }: CourtesyNext, now: number): string {
  switch (waitsFor) {
    case 'countdown': {
      const leftMs = Math.max(0, Date.parse(until ?? '') - now);
      return `${robot} begins in ${Math.ceil(leftMs / 1000)} s`;
    }
    case 'postponement':
    case 'presentation':
    case 'unlock':
      return `${robot} waits`;
    case 'return':
      return `${robot} waits for them a moment longer`;
    default:
      return assertNever(waitsFor);
  }
}

/** @throws AgentError CONFLICT */
function nextOf(courtesy: Courtesy | null): string {
  const runId = courtesy?.next?.runId;
  if (runId !== undefined) return runId;
  throw new AgentError('CONFLICT', 'No run waits for the person at this host.', {
    hint: 'See what waits, and why, with: kubot runs --state queued, and kubot why RUN.',
  });
}
