import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Missing } from './measure.ts';

/** Debian's names of the packages that the plain tools come in. */
const PACKAGES: Record<string, string> = {
  bsdtar: 'libarchive-tools',
  bwrap: 'bubblewrap',
  cat: 'coreutils',
  cp: 'coreutils',
  curl: 'curl',
  dd: 'coreutils',
  gzip: 'gzip',
  sh: 'dash',
  tar: 'tar',
  unzip: 'unzip',
};

/** The contender, where all the tools that it runs are on this machine. */
export function withTools(tools: readonly string[], contender: Contender): Contender | Missing {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0) return contender;
  const packages = [...new Set(missing.map((tool) => PACKAGES[tool] ?? tool))];
  const way =
    process.platform === 'linux' ? `apt install ${packages.join(' ')}` : `no ${missing.join(', ')} here`;
  return { name: contender.name, missing: way };
}

/** True where all the tools that something needs are on this machine. */
export function isHere({ tools }: { tools: readonly string[] }): boolean {
  return tools.every(isInstalled);
}

/** What only Linux tells: other processes' memory, or a process's own peak. */
export function onLinux(contender: Contender): Contender | Missing {
  return process.platform === 'linux' ? contender : { name: contender.name, missing: 'Linux alone tells' };
}

/** Lets the disk catch up: whoever syncs within its time is not to pay for what others wrote before. */
export function settleDisk(): void {
  if (process.platform !== 'win32') spawnSync('sync');
}

/** A command as a line for `sh`. */
export function quoted(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

function isInstalled(tool: string): boolean {
  if (process.platform === 'win32') return false;
  return (process.env.PATH ?? '').split(':').some((dir) => {
    try {
      accessSync(join(dir, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
