import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from 'electron';
import { autostartEntry, hiddenEntry, isEntryOn } from './desktop-entry.ts';
import type { Environment } from './run-kubot.ts';
import { quoted } from './system-ways.ts';

/** Started with the session there is nobody to look at a window: the tray alone. */
export const HIDDEN_FLAG = '--hidden';

/** The switch for starting with the person's session, where this system has one. */
export interface AutostartSwitch {
  /** null: it cannot be chosen here. */
  read(): Promise<boolean | null>;
  set(on: boolean): Promise<void>;
  /** An app that was moved since it was switched on: what the system starts is this one. */
  refresh(): Promise<void>;
}

export interface AutostartHost {
  readonly platform: NodeJS.Platform;
  readonly isPackaged: boolean;
  readonly execPath: string;
  /** Of a checkout, what Electron is started with. */
  readonly appPath: string;
  readonly environment: Environment;
  readonly homeDir: string;
  readonly app: Pick<App, 'getLoginItemSettings' | 'setLoginItemSettings'>;
}

/**
 * Windows keeps it in the registry's `Run`, macOS among the login items (both by Electron, neither has run yet), Linux
 * in the XDG autostart folder.
 */
export function createAutostart(host: AutostartHost): AutostartSwitch {
  switch (host.platform) {
    case 'linux':
      return new XdgAutostart(host);
    case 'win32':
    case 'darwin':
      return createLoginItem(host);
    default:
      return { read: async () => null, set: async () => undefined, refresh: async () => undefined };
  }
}

/** What starts the app with the session. */
export function autostartCommand({
  isPackaged,
  execPath,
  appPath,
  environment,
}: Pick<AutostartHost, 'isPackaged' | 'execPath' | 'appPath' | 'environment'>): string[] {
  // What runs of an AppImage is a mount that is gone with it; the file is named by this variable.
  if (isPackaged) return [environment.APPIMAGE || execPath, HIDDEN_FLAG];
  return [execPath, appPath, HIDDEN_FLAG];
}

/** Whether the session started it, so that no window is wanted: macOS hands no arguments to its login items. */
export function isStartedHidden(
  argv: readonly string[],
  { platform, app }: Pick<AutostartHost, 'platform' | 'app'>,
): boolean {
  if (argv.includes(HIDDEN_FLAG)) return true;
  return platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin;
}

function createLoginItem({ platform, ...host }: AutostartHost): AutostartSwitch {
  const [path = host.execPath, ...args] = autostartCommand(host);
  // Electron puts both into Windows' registry as they are. macOS knows no arguments, and of a checkout it would start a
  // bare Electron.
  const item =
    platform === 'win32' ? { path: quoted(path), args: args.map(quoted) } : host.isPackaged ? {} : null;
  return {
    read: async () => (item === null ? null : host.app.getLoginItemSettings(item).openAtLogin),
    set: async (openAtLogin) => {
      if (item !== null) host.app.setLoginItemSettings({ ...item, openAtLogin });
    },
    refresh: async () => undefined,
  };
}

const NAME = 'KuBot Runner';
const FILE = 'kubot-runner.desktop';

class XdgAutostart implements AutostartSwitch {
  readonly #host: AutostartHost;
  /** The person's own. */
  readonly #path: string;

  constructor(host: AutostartHost) {
    this.#host = host;
    const config = host.environment.XDG_CONFIG_HOME || join(host.homeDir, '.config');
    this.#path = join(config, 'autostart', FILE);
  }

  async read(): Promise<boolean> {
    const own = await readIfThere(this.#path);
    return own === null ? await this.#isOnForAll() : isEntryOn(own);
  }

  async set(on: boolean): Promise<void> {
    if (on) return await this.#write(this.#entry());
    // IT may have one for the whole machine, which only an entry of the person's takes back.
    if (await this.#isOnForAll()) return await this.#write(hiddenEntry(NAME));
    await rm(this.#path, { force: true });
  }

  async refresh(): Promise<void> {
    const own = await readIfThere(this.#path);
    if (own !== null && isEntryOn(own) && own !== this.#entry()) await this.#write(this.#entry());
  }

  #entry(): string {
    return autostartEntry({ name: NAME, command: autostartCommand(this.#host) });
  }

  async #isOnForAll(): Promise<boolean> {
    const folders = (this.#host.environment.XDG_CONFIG_DIRS || '/etc/xdg').split(':');
    for (const folder of folders.filter((name) => name !== '')) {
      const text = await readIfThere(join(folder, 'autostart', FILE));
      if (text !== null) return isEntryOn(text);
    }
    return false;
  }

  async #write(text: string): Promise<void> {
    await mkdir(join(this.#path, '..'), { recursive: true, mode: 0o700 });
    const partial = `${this.#path}.partial-${process.pid}`;
    await writeFile(partial, text, { mode: 0o644 });
    await rename(partial, this.#path);
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
