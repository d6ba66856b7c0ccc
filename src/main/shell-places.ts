import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultHome } from '../agent/home/home-paths.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the shell finds what it needs: in a checkout and in the packaged app. */
export interface ShellPlaces {
  readonly home: string;
  /** The demo's own home: never the agent's that the person works with. */
  readonly demoHome: string;
  /** The Node 24 that the agent runs on; never Electron's. */
  readonly nodePath: string;
  /** What Node runs: the command line. */
  readonly cliPath: string;
  readonly pageDir: string;
  readonly preloadPath: string;
  readonly iconsDir: string;
}

export function findPlaces(
  { appPath, resourcesPath, isPackaged }: { appPath: string; resourcesPath: string; isPackaged: boolean },
  environment: Environment,
): ShellPlaces {
  const usual = defaultHome(process.platform, environment, homedir());
  const out = join(appPath, 'out');
  // What Node reads lies beside the archive, which only Electron looks into.
  const unpacked = isPackaged ? join(resourcesPath, 'app.asar.unpacked') : appPath;
  return {
    home: environment.KUBOT_HOME || usual,
    demoHome: `${environment.KUBOT_HOME || usual}-demo`,
    nodePath:
      environment.KUBOT_NODE ||
      (isPackaged ? join(resourcesPath, nodeFile('node')) : findCheckoutNode(appPath)),
    cliPath: isPackaged ? join(unpacked, 'out/agent/cli.mjs') : join(appPath, 'src/cli/main.ts'),
    pageDir: join(out, 'renderer'),
    preloadPath: join(out, 'shell/preload.cjs'),
    iconsDir: join(appPath, 'assets/tray'),
  };
}

function findCheckoutNode(root: string): string {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const packaged = join(root, 'node_modules', `node-${system}-${process.arch}`, 'bin', nodeFile('node'));
  return existsSync(packaged) ? packaged : 'node';
}

function nodeFile(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
