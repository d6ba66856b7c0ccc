import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { isKept } from '../home/granted-sockets.ts';

export interface GrantedFolderRequest {
  /** The folder of all of this system's. */
  readonly base: string;
  /** RUNTIME_DIRECTORY, as systemd sets it: one or more, by colons. */
  readonly runtimeDirectory: string | undefined;
  readonly userId: number;
  readonly userName: string | null;
}

/**
 * The folder below `base` where this user's agents listen: the one that systemd made, one that an administrator made, or
 * one that is made here, which root can do, and whoever owns `base`.
 */
export function ensureGrantedFolder(request: GrantedFolderRequest): { dir: string } | { reason: string } {
  const { base, userId, userName } = request;
  const isOurs = (path: string) => isKept(look(path)) && look(path)?.uid === userId;
  const named = (request.runtimeDirectory ?? '')
    .split(':')
    .find((path) => path !== '' && dirname(path) === base && isOurs(path));
  if (named !== undefined) return { dir: named };
  const found = namesIn(base)
    .map((name) => join(base, name))
    .find(isOurs);
  if (found !== undefined) return { dir: found };
  const dir = join(base, String(userName ?? userId));
  try {
    makeShared(base);
    makeShared(dir);
  } catch (error) {
    return { reason: lacking(base, userName ?? String(userId), error) };
  }
  if (!isKept(look(base))) return { reason: `${base} is a folder that others may write to.` };
  return isOurs(dir) ? { dir } : { reason: `${dir} belongs to somebody else.` };
}

/** For all to enter and for its owner alone to write to, whatever the umask is; one that is there stays as it is. */
function makeShared(dir: string): void {
  if (look(dir) !== undefined) return;
  mkdirSync(dir);
  chmodSync(dir, 0o755);
}

function lacking(base: string, user: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `${user} has no folder below ${base} and cannot make one (${code}). In a unit of systemd say RuntimeDirectory=kubot-runner/${user}; else an administrator makes it: install -d -m 755 ${base} && install -d -m 755 -o ${user} ${join(base, user)}`;
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}
