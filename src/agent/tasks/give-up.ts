/** A live run's own entries come every ten minutes; this long after the last, one is written whatever the budget. */
export const SIGN_OF_LIFE_MS = 11 * 60_000;
/** A live run appends an entry at least every ten minutes; one that was silent for so long is nobody's any more. */
export const SILENT_MS = 30 * 60_000;
/**
 * After so long without an accepted entry a host ends its run: others may take the task over after twice as long
 * (SILENT_MS), and by then nothing of it may run any more.
 */
export const GIVE_UP_MS = 15 * 60_000;

/** What a host does for a run of a task that others may take over. */
export function judgeSilence(run: {
  /** The setting, for the run's robot. */
  takeOver: boolean;
  /** Since the last entry that the platform accepted, by a clock that counts sleep. */
  silentMs: number;
}): 'go-on' | 'show-life' | 'give-up' {
  if (!run.takeOver || run.silentMs < SIGN_OF_LIFE_MS) return 'go-on';
  return run.silentMs < GIVE_UP_MS ? 'show-life' : 'give-up';
}
