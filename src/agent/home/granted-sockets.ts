import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { homeKey } from './home-key.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where agents listen for those they were told to let in (docs/adr/0017): one folder of the system, in it a folder for
 * each user that agents run as, in that a socket for each home. What users cannot write to cannot be forged by one.
 */
const GRANTED_DIRS: Partial<Record<NodeJS.Platform, string>> = {
  linux: '/run/kubot-runner',
  // /var/run is emptied at each start there, by nobody who would make a folder in it again.
  darwin: '/Library/Application Support/kubot-runner/control',
};

/** KUBOT_GRANTED_DIR names another; null: this system has none. */
export function grantedDir(platform: NodeJS.Platform, environment: Environment): string | null {
  const usual = GRANTED_DIRS[platform];
  if (usual === undefined) return null;
  const named = environment.KUBOT_GRANTED_DIR;
  return named ? resolve(named) : usual;
}

export function grantedSocketName(homeDir: string): string {
  return `${homeKey(homeDir)}.sock`;
}

export interface GrantedSocket {
  readonly path: string;
  /** Whose agent it is. */
  readonly ownerId: number;
}

/**
 * The sockets that lie there, by their paths; an agent need not listen any more. Left out is what somebody else may
 * have put there: in a folder that others may write to, or in another user's.
 * @param homeDir only the one of this home; null: of all
 */
export function findGrantedSockets(
  homeDir: string | null,
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): GrantedSocket[] {
  const base = grantedDir(platform, environment);
  if (base === null || !isKept(look(base))) return [];
  return namesIn(base).flatMap((name) => {
    const folder = look(join(base, name));
    if (folder === undefined || !isKept(folder)) return [];
    const sockets = homeDir === null ? namesIn(join(base, name)) : [grantedSocketName(homeDir)];
    return sockets.flatMap((socketName): GrantedSocket[] => {
      const path = join(base, name, socketName);
      const socket = look(path);
      return socket?.isSocket() && socket.uid === folder.uid ? [{ path, ownerId: socket.uid }] : [];
    });
  });
}

/** A folder, no link to one, that its owner alone may write to. */
export function isKept(found: Stats | undefined): boolean {
  return found?.isDirectory() === true && (found.mode & 0o022) === 0;
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}
