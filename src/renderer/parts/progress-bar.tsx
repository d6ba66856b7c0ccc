import type { Progress } from '../../shared/control-api.ts';

/** How much of a hundred is done; null: nothing is measured, or nobody knows of how much. */
export function percentOf(progress: Progress | undefined): number | null {
  if (progress === undefined || progress.bytes === null || !progress.totalBytes) return null;
  return Math.min(100, Math.floor((100 * progress.bytes) / progress.totalBytes));
}

/** Of what is measured; nothing for what is not. */
export function ProgressBar({ progress }: { progress: Progress | undefined }) {
  const percent = percentOf(progress);
  if (percent === null) return null;
  return (
    <span className="progress" role="progressbar" aria-label={progress?.step} aria-valuenow={percent}>
      <span style={{ width: `${percent}%` }} />
    </span>
  );
}
