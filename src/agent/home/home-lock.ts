import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import { DiskReserve } from './disk-reserve.ts';
import type { HomePaths } from './home-paths.ts';
import { withRoom } from './with-room.ts';
import { writeAtomically } from './write-atomically.ts';

/** Who has a home, for people and for clients. True only while the lock is held: a crash leaves the file. */
const HomeHolderSchema = z.object({
  pid: z.number().int(),
  startedAt: z.string(),
  /** Where its control API is; null: it has none (`config set` without an agent). */
  socketPath: z.string().nullable(),
  version: z.string(),
});

export type HomeHolder = z.infer<typeof HomeHolderSchema>;

export interface HomeLock {
  /** Gives the home back; safe to call twice. */
  release(): void;
}

/** Room for the holder file, and for what SQLite keeps beside a journal that is only read. */
const HOLDER_BYTES = 64 * 1024;

/**
 * Takes a home for this process until it releases it or dies: SQLite's exclusive lock goes with the process,
 * however it ends, so there is nothing stale to clean up.
 * @throws AgentError HOME_LOCKED naming the holder, HOME_UNUSABLE
 */
export function takeHomeLock(paths: HomePaths, holder: HomeHolder): HomeLock {
  createPrivately(paths.lock);
  const reserve = new DiskReserve(paths.reserve);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(paths.lock, { timeout: 0 });
    // On a full disk too: who wants to free some with `prune` needs the lock.
    withRoom(
      () => reserve.release(),
      () => database?.exec('BEGIN EXCLUSIVE'),
    );
  } catch (error) {
    database?.close();
    throw isBusy(error) ? locked(paths) : unusable(paths, error);
  }
  const held = database;
  try {
    reserve.makeRoom(HOLDER_BYTES);
    writeAtomically(paths.holder, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    held.close();
    throw unusable(paths, error);
  }
  let released = false;
  return {
    release: () => {
      if (released) return;
      released = true;
      // The file first: after the lock is free it may be the next one's.
      rmSync(paths.holder, { force: true });
      held.close();
    },
  };
}

/**
 * Holds a file of the home for this process until it releases it or dies; null: another process holds it.
 * @throws AgentError HOME_UNUSABLE
 */
export function tryToHold(path: string): (() => void) | null {
  createPrivately(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    const held = database;
    return () => held.close();
  } catch (error) {
    database?.close();
    if (isBusy(error)) return null;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentError('HOME_UNUSABLE', `The file ${path} cannot be locked: ${reason}.`, { cause: error });
  }
}

/** What the holder file says; null: there is none that can be read. Its process may have died since. */
export function readHomeHolder(paths: HomePaths): HomeHolder | null {
  try {
    return HomeHolderSchema.parse(JSON.parse(readFileSync(paths.holder, 'utf8')));
  } catch {
    return null;
  }
}

/**
 * Only ever creates: on POSIX, closing any descriptor of a file drops all locks that the process has on it.
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch {
    // It is there, or opening the database tells why not.
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function locked(paths: HomePaths): AgentError {
  const holder = readHomeHolder(paths);
  const who = holder === null ? 'another process' : `the process ${holder.pid}, since ${holder.startedAt}`;
  return new AgentError('HOME_LOCKED', `The home ${paths.home} is held by ${who}.`, {
    details: { home: paths.home, holder },
  });
}

function unusable(paths: HomePaths, cause: unknown): AgentError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('HOME_UNUSABLE', `The home ${paths.home} cannot be locked: ${reason}.`, { cause });
}
