import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { killProcess, openSessionBus } from '../../helpers/session-bus.ts';

/** A D-Bus of its own with a GNOME Keyring of its own, of which the machine's know nothing. */
export interface KeyringSession {
  /** What a program finds this bus by. */
  readonly environment: Record<string, string>;
  /** Starts the keyring, unlocked by its password or left locked, in place of the one that runs. */
  start(state: 'unlocked' | 'locked'): Promise<void>;
  /** Leaves the bus without a keyring. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export function openKeyringSession(): KeyringSession {
  const bus = openSessionBus();
  let keyring: ChildProcess | null = null;
  const stop = async () => {
    if (keyring !== null) await killProcess(keyring);
    keyring = null;
  };
  return {
    environment: bus.environment,
    stop,
    start: async (state) => {
      await stop();
      const unlock = state === 'unlocked' ? ['--unlock'] : [];
      keyring = bus.spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...unlock], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      await once(keyring, 'spawn');
      keyring.stdin?.end('pw');
      await bus.untilOwned('org.freedesktop.secrets');
    },
    close: async () => {
      await stop();
      await bus.close();
    },
  };
}
