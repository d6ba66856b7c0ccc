import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WAIT_MS = 60_000;

/** A D-Bus of its own, of which the machine's knows nothing. Nothing is started on it by itself. */
export interface SessionBus {
  /** What a program finds this bus by. */
  readonly environment: Record<string, string>;
  /** A folder that goes with the bus. */
  readonly dir: string;
  /** Starts a program with this bus, a home and a runtime folder of its own. */
  spawn(file: string, args: string[], options: SpawnOptions): ChildProcess;
  /** Until a program has taken the name. */
  untilOwned(name: string): Promise<void>;
  close(): Promise<void>;
}

export function openSessionBus(): SessionBus {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-bus-'));
  const runtimeDir = join(dir, 'run');
  mkdirSync(runtimeDir, { mode: 0o700 });
  mkdirSync(join(dir, '.cache'));
  const address = `unix:path=${join(dir, 'bus')}`;
  const configPath = join(dir, 'bus.conf');
  writeFileSync(configPath, busConfig(address));
  const environment = { DBUS_SESSION_BUS_ADDRESS: address };
  const env = { PATH: process.env.PATH, HOME: dir, XDG_RUNTIME_DIR: runtimeDir, ...environment };
  const bus = spawn('dbus-daemon', [`--config-file=${configPath}`, '--nofork'], { stdio: 'ignore', env });

  const hasOwner = async (name: string): Promise<boolean> => {
    const question = ['org.freedesktop.DBus.NameHasOwner', `string:${name}`];
    const at = ['--print-reply=literal', '--dest=org.freedesktop.DBus', '/org/freedesktop/DBus'];
    // The bus itself may not be up yet.
    const { stdout } = await run('dbus-send', ['--session', ...at, ...question], { env }).catch(() => ({
      stdout: '',
    }));
    return stdout.includes('true');
  };
  return {
    environment,
    dir,
    spawn: (file, args, options) => spawn(file, args, { ...options, env: { ...env, ...options.env } }),
    untilOwned: async (name) => {
      const deadline = Date.now() + WAIT_MS;
      while (!(await hasOwner(name))) {
        if (Date.now() > deadline) throw new Error(`${name} never came to the bus`);
        await delay(50);
      }
    },
    close: async () => {
      await killProcess(bus);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Returns when it is gone. */
export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
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
