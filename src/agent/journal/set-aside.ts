import { existsSync, renameSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** Result codes of SQLite: SQLITE_CORRUPT and SQLITE_NOTADB, with what extends them in the upper bits. */
const DAMAGE = [11, 26];
/** A journal up to this size is checked at every start (70 ms a 64 MB); a larger one only after a crash. */
const CHECKED_BYTES = 64 * 1024 * 1024;
/** What SQLite keeps beside its file. */
const COMPANIONS = ['-wal', '-shm'];

/** True for what SQLite says of a file that is no database, or not a whole one. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedJournal) return true;
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' && DAMAGE.includes(code & 0xff);
}

/**
 * Reads a journal through: a page that is bad would else be met in the midst of a run.
 * @throws an error that isDamage knows
 */
export function assertSound(database: DatabaseSync, path: string): void {
  const bytesOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const closed = bytesOf(`${path}-wal`) === 0;
  if (closed && bytesOf(path) > CHECKED_BYTES) return;
  const result = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
  if (result !== 'ok') throw new DamagedJournal(String(result).replaceAll(/\s+/g, ' '));
}

class DamagedJournal extends Error {}

/**
 * Moves a damaged journal out of the way, with its companions, so that somebody can look at it.
 * @returns where it lies now
 */
export function setAside(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(':', '-').replace(/\..*/, 'Z');
  let asidePath = `${path}.corrupt-${stamp}`;
  for (let twin = 2; existsSync(asidePath); twin++) asidePath = `${path}.corrupt-${stamp}-${twin}`;
  renameSync(path, asidePath);
  for (const companion of COMPANIONS)
    if (existsSync(path + companion)) renameSync(path + companion, asidePath + companion);
  return asidePath;
}
