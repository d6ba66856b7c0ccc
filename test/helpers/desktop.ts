import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

interface Screen {
  display: string;
  process: ChildProcess;
}

/** A screen of its own for a program with a window; null where there is one, and where none is needed. */
export async function openScreen(): Promise<Screen | null> {
  return process.platform !== 'linux' || process.env.DISPLAY ? null : await startScreen();
}

/** @param name such as `:0`; else the first that is free */
export async function startScreen(name?: string): Promise<Screen> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'];
  const child = spawn('Xvfb', [...(name === undefined ? [] : [name]), ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(child.stdio[3] as NodeJS.ReadableStream, 'data');
  return { display: `:${String(number).trim()}`, process: child };
}

/**
 * For Electron on such a screen: as root, and without a process for a graphics card, which dies there at each start, and
 * one start in hundreds with it.
 */
export const ELECTRON_FLAGS = ['--no-sandbox', '--disable-gpu'];

/** A shell in a test is nobody's child but the test's. */
export function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !name.startsWith('KUBOT_') && !name.startsWith('VITEST'),
  );
  const {
    NODE_ENV: _mode,
    NODE_OPTIONS: _options,
    ...rest
  } = Object.fromEntries(kept) as Record<string, string>;
  return rest;
}
