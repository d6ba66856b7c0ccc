import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { safeStorage } from 'electron';
import { writeAtomically } from '../agent/home/write-atomically.ts';
import { AgentError } from '../shared/errors.ts';
import type { ShellStore } from './shell-store.ts';

/** The client secret in the system's keychain, which only this program opens; in a file where the person allows it. */
export interface SecretKeeper {
  /** @throws AgentError KEYRING_UNAVAILABLE when it lies in a keychain that does not give it now */
  find(): Promise<string | null>;
  /** Where a secret would lie: in a keychain, or for want of one in a file of mode 0600. */
  keychain(): Promise<'safe' | 'plain'>;
  /** @throws AgentError CONFIG_INVALID where there is no keychain, unless a file will do */
  keep(secret: string, options: { mayBePlain: boolean }): Promise<void>;
  /** Nothing of it is left here. */
  forget(): Promise<void>;
}

/** @param plainPath where it lies for want of a keychain: in the agent's home, of which no robot is granted anything */
export function createSecretKeeper(store: ShellStore, plainPath: string): SecretKeeper {
  return {
    find: async () => {
      const kept = store.secret();
      if (kept === null) return readPlain(plainPath);
      try {
        if (await isSafe()) return await decrypt(Buffer.from(kept, 'base64'));
      } catch {
        // What it says is the system's, in the system's words.
      }
      throw new AgentError(
        'KEYRING_UNAVAILABLE',
        'The keychain of this system does not give the client secret.',
      );
    },
    keychain: async () => ((await isSafe()) ? 'safe' : 'plain'),
    keep: async (secret, { mayBePlain }) => {
      if (await isSafe()) {
        store.saveSecret((await encrypt(secret)).toString('base64'));
        rmSync(plainPath, { force: true });
        return;
      }
      if (!mayBePlain) {
        throw new AgentError('CONFIG_INVALID', 'This system has no keychain to keep the secret in.', {
          hint: 'Allow it to be kept in a file, or name one of your own in KUBOT_CLIENT_SECRET_FILE.',
        });
      }
      writePlain(plainPath, secret);
      store.saveSecret(null);
    },
    forget: async () => {
      rmSync(plainPath, { force: true });
      store.saveSecret(null);
    },
  };
}

function readPlain(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function writePlain(path: string, secret: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeAtomically(path, secret);
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
