import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { defaultHome } from '../agent/home/home-paths.ts';
import { callersFolder, type Environment } from './environment.ts';
import type { Terminal } from './terminal.ts';

/** What every command gets. */
export interface Context {
  readonly homeDir: string;
  /** By --home or KUBOT_HOME; else it is the usual one of this user. */
  readonly isHomeNamed: boolean;
  /** The home of `demo`: never the agent's that the person works with. */
  readonly demoHomeDir: string;
  readonly environment: Environment;
  /** What relative paths of the command line start from. */
  readonly cwd: string;
  readonly terminal: Terminal;
}

export interface ContextInput {
  /** What --home says. */
  readonly home: string | undefined;
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly cwd: string;
}

export function createContext({ home, environment, terminal, cwd }: ContextInput): Context {
  const folder = callersFolder(environment, cwd);
  const named = home || environment.KUBOT_HOME;
  const usual = defaultHome(process.platform, environment, homedir());
  return {
    isHomeNamed: Boolean(named),
    homeDir: named ? resolve(folder, named) : usual,
    demoHomeDir: named ? resolve(folder, named) : `${usual}-demo`,
    environment,
    cwd: folder,
    terminal,
  };
}
