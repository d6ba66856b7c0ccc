import type { RunServices } from './run-services.ts';

/**
 * Tasks that were refused for their robot's sandbox are tried now, where nothing stands against it any more: the level
 * is to be had, or another is asked for.
 */
export function hastenRefused(
  { journal, now }: Pick<RunServices, 'journal' | 'now'>,
  refusalOf: (robotCode: string) => string | null,
): void {
  for (const next of journal.host.listNextTries()) {
    if (next.code === 'POLICY_REFUSED' && refusalOf(next.robotCode) === null)
      journal.host.saveNextTry({ ...next, dueAtMs: Math.min(next.dueAtMs, now()), lasting: false });
  }
}
