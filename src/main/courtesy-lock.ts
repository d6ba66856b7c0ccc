import type { PowerMonitor } from 'electron';

export interface LockOptions {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly powerMonitor: Pick<PowerMonitor, 'on' | 'getSystemIdleState'>;
  /** What a program writes; null: it is not here, or failed. */
  readonly ask: (file: string, args: readonly string[]) => Promise<string | null>;
  readonly onChange: (locked: boolean) => void;
}

/** Nothing asks for the screen: it is looked at for the case that something will. */
const SELDOM_MS = 60_000;
/** A robot is about to begin, or waits for the screen. */
const OFTEN_MS = 3000;

/**
 * Hears whether the screen is locked: from the system on Windows and macOS (written from Electron's documentation; not
 * run there yet), by logind's hint on Linux, where Electron tells of nothing.
 * @returns to be told when a robot waits for the person, and when none does any more
 */
export function watchLock(options: LockOptions): (isWanted: boolean) => void {
  const { platform, powerMonitor, environment, ask, onChange } = options;
  if (platform !== 'linux') {
    onChange(powerMonitor.getSystemIdleState(1) === 'locked');
    powerMonitor.on('lock-screen', () => onChange(true));
    powerMonitor.on('unlock-screen', () => onChange(false));
    return () => undefined;
  }
  let isWanted = false;
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  const look = async () => {
    clearTimeout(timer);
    if (isLooking) return;
    isLooking = true;
    const locked = readLockedHint((await ask('loginctl', lockQuestion(environment))) ?? '');
    isLooking = false;
    // Without logind nobody will ever say.
    if (locked === null) return;
    onChange(locked);
    timer = setTimeout(() => void look(), isWanted ? OFTEN_MS : SELDOM_MS);
    timer.unref();
  };
  void look();
  return (wanted) => {
    const isNew = wanted && !isWanted;
    isWanted = wanted;
    if (isNew) void look();
  };
}

/** Arguments of `loginctl`: the session that this program is in. */
export function lockQuestion({ XDG_SESSION_ID: session }: LockOptions['environment']): string[] {
  return ['show-session', session || 'auto', '--property=LockedHint'];
}

/** What `loginctl` says to that; null: nothing of it. */
export function readLockedHint(text: string): boolean | null {
  const hint = /^LockedHint=(yes|no)$/m.exec(text)?.[1];
  return hint === undefined ? null : hint === 'yes';
}
