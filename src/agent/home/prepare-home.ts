import { accessSync, chmodSync, constants, mkdirSync, statfsSync, statSync } from 'node:fs';
import { AgentError } from '../../shared/errors.ts';
import { networkFileSystem } from './network-file-system.ts';

/**
 * Makes the home if there is none, for its owner alone, and proves that it can hold an agent. Readers do not
 * need this: they take a home as it is.
 * @throws AgentError HOME_UNUSABLE
 */
export function prepareHome(homeDir: string): void {
  try {
    mkdirSync(homeDir, { recursive: true, mode: 0o700 });
    accessSync(homeDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(homeDir, REASONS[codeOf(error)] ?? `it cannot be used (${codeOf(error)})`, error);
  }
  const network = networkFileSystem(process.platform, homeDir, statfsSync(homeDir).type);
  if (network !== null) {
    throw unusable(homeDir, `it lies on a network file system (${network}), where locks do not hold`);
  }
  if (process.platform !== 'win32') keepPrivate(homeDir);
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'it is not a folder',
  ENOTDIR: 'a part of its path is not a folder',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'it can only be read',
  ENOSPC: 'the disk is full',
};

/** The journal tells what robots did: nobody else's business. */
function keepPrivate(homeDir: string): void {
  const { uid, mode } = statSync(homeDir);
  const own = process.getuid?.();
  if (own !== undefined && uid !== own) throw unusable(homeDir, 'it belongs to another user');
  if ((mode & 0o077) !== 0) chmodSync(homeDir, mode & 0o700);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function unusable(homeDir: string, reason: string, cause?: unknown): AgentError {
  return new AgentError('HOME_UNUSABLE', `The home ${homeDir} is not usable: ${reason}.`, { cause });
}
