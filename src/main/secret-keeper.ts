import { safeStorage } from 'electron';
import { AgentError } from '../shared/errors.ts';
import type { ShellStore } from './shell-store.ts';

/** The client secret in the system's keychain, which only this program opens. */
export interface SecretKeeper {
  find(): Promise<string | null>;
  /** @throws AgentError CONFIG_INVALID where the system has no keychain: then nothing is kept in plain text behind anybody's back */
  keep(secret: string): Promise<void>;
}

export function createSecretKeeper(store: ShellStore): SecretKeeper {
  return {
    find: async () => {
      const kept = store.secret();
      if (kept === null || !(await isSafe())) return null;
      return await decrypt(Buffer.from(kept, 'base64')).catch(() => null);
    },
    keep: async (secret) => {
      if (!(await isSafe())) {
        throw new AgentError('CONFIG_INVALID', 'This system has no keychain to keep the secret in.', {
          hint: 'Put it into a file that only you can read, and name that file in KUBOT_CLIENT_SECRET_FILE.',
        });
      }
      store.saveSecret((await encrypt(secret)).toString('base64'));
    },
  };
}

/** `basic_text` of Linux is plain text under another name. */
async function isSafe(): Promise<boolean> {
  const isThere =
    typeof safeStorage.isAsyncEncryptionAvailable === 'function'
      ? await safeStorage.isAsyncEncryptionAvailable()
      : safeStorage.isEncryptionAvailable();
  if (!isThere) return false;
  return process.platform !== 'linux' || typeof safeStorage.getSelectedStorageBackend !== 'function'
    ? true
    : safeStorage.getSelectedStorageBackend() !== 'basic_text';
}

async function encrypt(text: string): Promise<Buffer> {
  return typeof safeStorage.encryptStringAsync === 'function'
    ? await safeStorage.encryptStringAsync(text)
    : safeStorage.encryptString(text);
}

async function decrypt(bytes: Buffer): Promise<string> {
  if (typeof safeStorage.decryptStringAsync !== 'function') return safeStorage.decryptString(bytes);
  return (await safeStorage.decryptStringAsync(bytes)).result;
}
