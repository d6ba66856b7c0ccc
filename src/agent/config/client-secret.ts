import { readFileSync, statSync, unwatchFile, watchFile } from 'node:fs';
import { dirname } from 'node:path';
import { AgentError } from '../../shared/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The secret in a file that only its owner may read.
 * @throws AgentError CONFIG_INVALID when it is missing, empty or open to others
 */
export function readClientSecret(path: string, environment: Environment): string {
  let mode: number;
  let text: string;
  try {
    mode = statSync(path).mode;
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read';
    throw invalid(`the file ${path} cannot be read (${reason})`, error);
  }
  if (process.platform !== 'win32' && !isPrivate(mode, isServiceCredential(path, environment))) {
    throw invalid(`the file ${path} can be read by others; run: chmod 600 on it`);
  }
  if (text === '') throw invalid(`the file ${path} is empty`);
  return text;
}

/**
 * Tells when the file changed, also by being replaced or coming back. Looks at it now and then: watching by
 * the OS loses files that service managers replace by a link.
 * @returns how to stop
 */
export function watchClientSecret(path: string, onChange: () => void, intervalMs = 2000): () => void {
  const listener = (now: { mtimeMs: number; ino: number }, before: { mtimeMs: number; ino: number }) => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) onChange();
  };
  watchFile(path, { interval: intervalMs, persistent: false }, listener);
  return () => unwatchFile(path, listener);
}

/**
 * Whether a file's mode keeps others out. systemd gives a service its credentials by an access list, which
 * shows as readable by the group (0440) though it is not.
 */
export function isPrivate(mode: number, isCredential: boolean): boolean {
  return (mode & (isCredential ? 0o037 : 0o077)) === 0;
}

function isServiceCredential(path: string, environment: Environment): boolean {
  const folder = environment.CREDENTIALS_DIRECTORY;
  return folder !== undefined && folder !== '' && dirname(path) === folder.replace(/\/+$/, '');
}

function invalid(reason: string, cause?: unknown): AgentError {
  return new AgentError('CONFIG_INVALID', `The client secret from KUBOT_CLIENT_SECRET_FILE: ${reason}.`, {
    cause,
    hint: 'KUBOT_CLIENT_SECRET_FILE names a file that holds the secret alone and that only you can read.',
  });
}
