import { join, posix, win32 } from 'node:path';

/** Where everything of one installation lies; see docs/install.md. */
export interface HomePaths {
  readonly home: string;
  /** settings.json: what `config set` writes. */
  readonly settings: string;
  readonly journal: string;
  readonly lock: string;
  /** Who holds the lock, and where its socket is. */
  readonly holder: string;
  readonly socket: string;
  /** Held while the tokens of the person who signed in are renewed. */
  readonly signInLock: string;
  readonly installation: string;
  readonly packages: string;
  readonly runtimes: string;
  readonly environments: string;
  readonly runs: string;
  readonly cache: string;
  readonly gateway: string;
  readonly logs: string;
  /** Disk space kept for what must be written on a full disk. */
  readonly reserve: string;
}

/** The files and folders of a home. */
export function homePaths(homeDir: string): HomePaths {
  const inHome = (name: string) => join(homeDir, name);
  return {
    home: homeDir,
    settings: inHome('settings.json'),
    journal: inHome('journal.db'),
    lock: inHome('lock.db'),
    holder: inHome('holder.json'),
    socket: inHome('control.sock'),
    signInLock: inHome('sign-in.db'),
    installation: inHome('installation.json'),
    packages: inHome('packages'),
    runtimes: inHome('runtimes'),
    environments: inHome('environments'),
    runs: inHome('runs'),
    cache: inHome('cache'),
    gateway: inHome('gateway'),
    logs: inHome('logs'),
    reserve: inHome('disk.reserve'),
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The home when nobody names one. Never a roaming or synchronised folder: locks and SQLite do not hold there.
 * @param userHome the person's home directory
 */
export function defaultHome(platform: NodeJS.Platform, environment: Environment, userHome: string): string {
  if (platform === 'win32') {
    const local = environment.LOCALAPPDATA || win32.join(userHome, 'AppData', 'Local');
    return win32.join(local, 'kubot-runner');
  }
  if (platform === 'darwin') {
    return posix.join(userHome, 'Library', 'Application Support', 'kubot-runner');
  }
  // The XDG specification: a relative path there is to be ignored.
  const data = environment.XDG_DATA_HOME;
  return posix.join(data?.startsWith('/') ? data : posix.join(userHome, '.local', 'share'), 'kubot-runner');
}
