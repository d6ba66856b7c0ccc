/**
 * What SQLite says when the disk takes no more: SQLITE_FULL, and where a quota or the index beside its log (-shm)
 * says so, SQLITE_IOERR_WRITE and SQLITE_IOERR_SHMSIZE.
 */
const FULL = 13;
const NO_ROOM: readonly unknown[] = [FULL, 778, 4874];

/** Does `work` once more for each step of room there is: whoever filled the disk may take a step before we do. */
export function withRoom<T>(release: () => boolean, work: () => T): T {
  for (;;) {
    try {
      return work();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      if (!isNoRoom(cause) || !release()) throw error;
    }
  }
}

function isNoRoom(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && NO_ROOM.includes(error.errcode);
}
