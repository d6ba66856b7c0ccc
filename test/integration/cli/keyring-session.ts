import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WAIT_MS = 60_000;

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

export async function openKeyringSession(): Promise<KeyringSession> {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-keyring-'));
  const runtimeDir = join(dir, 'run');
  mkdirSync(runtimeDir, { mode: 0o700 });
  mkdirSync(join(dir, '.cache'));
  const address = `unix:path=${join(dir, 'bus')}`;
  const configPath = join(dir, 'bus.conf');
  writeFileSync(configPath, busConfig(address));
  const environment = { DBUS_SESSION_BUS_ADDRESS: address };
  const env = { PATH: process.env.PATH, HOME: dir, XDG_RUNTIME_DIR: runtimeDir, ...environment };
  const bus = spawn('dbus-daemon', [`--config-file=${configPath}`, '--nofork'], { stdio: 'ignore', env });
  let keyring: ChildProcess | null = null;

  const hasOwner = async (): Promise<boolean> => {
    const question = ['org.freedesktop.DBus.NameHasOwner', 'string:org.freedesktop.secrets'];
    const at = ['--print-reply=literal', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus'];
    // The bus itself may not be up yet.
    const { stdout } = await run('dbus-send', ['--session', ...at, ...question], { env }).catch(() => ({
      stdout: '',
    }));
    return stdout.includes('true');
  };
  const stop = async () => {
    if (keyring !== null) await end(keyring);
    keyring = null;
  };
  return {
    environment,
    stop,
    start: async (state) => {
      await stop();
      const unlock = state === 'unlocked' ? ['--unlock'] : [];
      keyring = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...unlock], {
        stdio: ['pipe', 'ignore', 'ignore'],
        env,
      });
      await once(keyring, 'spawn');
      keyring.stdin?.end('pw');
      const deadline = Date.now() + WAIT_MS;
      while (!(await hasOwner())) {
        if (Date.now() > deadline) throw new Error('The keyring never came to the bus');
        await delay(50);
      }
    },
    close: async () => {
      await stop();
      await end(bus);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Without folders of services, so that the bus starts no keyring and no prompt by itself. */
function busConfig(address: string): string {
  return `<busconfig>
  <type>session</type>
  <listen>${address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
