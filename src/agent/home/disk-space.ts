import { statfsSync } from 'node:fs';

/** With less than this a disk counts as full: what a program could not write is more often larger than smaller. */
const FULL_BYTES = 1024 * 1024;

/** What users other than root may still write to the file system of `dir`. */
export function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** True when the file system of `dir` has next to no bytes left, or no names for files. */
export function isFull(dir: string): boolean {
  const { bavail, bsize, files, ffree } = statfsSync(dir);
  // Where names are not counted, as on btrfs, both are 0.
  return bavail * bsize < FULL_BYTES || (files > 0 && ffree === 0);
}

/** True for what the system says when a disk, or the user's share of it, takes no more. */
export function isDiskFullError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
