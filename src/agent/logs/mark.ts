/**
 * What an entry of a run ends with: ` ·<last 8 hex digits of the run id>/<n>`. The end of a UUIDv7 is random; its
 * beginning is the clock and stays the same for hours.
 */
export function markOf(runId: string, number: number): string {
  return ` ·${markedRun(runId)}/${number}`;
}

/** How marks name a run. */
export function markedRun(runId: string): string {
  return runId.replaceAll('-', '').slice(-8);
}

/** Number of the marks of entries that are none of the run's log: those begin at 1. */
export const BESIDE_THE_LOG = 0;

/** The mark's own length never exceeds this. */
export const MARK_BYTES = 24;

/** True when an entry's message ends with the mark. */
export function hasMark(message: string, mark: string): boolean {
  return message.endsWith(mark);
}
