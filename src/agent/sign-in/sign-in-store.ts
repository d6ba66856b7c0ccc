import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import { tryToHold } from '../home/home-lock.ts';
import { homePaths } from '../home/home-paths.ts';
import { openKeyringEntry } from '../native/keyring.ts';

/** What lasts of a sign-in, and for whom it is: a token goes to nobody else, whatever the settings say later. */
const KeptSignInSchema = z.object({
  refreshToken: z.string().min(1),
  clientId: z.string(),
  tokenUrl: z.string(),
  /** URL of the API with its version. */
  endpoint: z.string(),
  /** Who signed in, to be shown; null: not told. */
  account: z.string().nullable(),
});
export type KeptSignIn = Readonly<z.infer<typeof KeptSignInSchema>>;

/** The sign-in of one home, in the keyring of the person. Its calls throw AgentError KEYRING_UNAVAILABLE. */
export interface SignInStore {
  /** null: nobody is signed in. */
  read(): Promise<KeptSignIn | null>;
  write(signIn: KeptSignIn): Promise<void>;
  /** False where nobody was signed in. */
  remove(): Promise<boolean>;
  /**
   * Does something while no other process renews: a refresh token that two use at once looks stolen, and ends all.
   * @throws AgentError CONFLICT when another process does not end
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** Longer than a renewal by another process takes at its slowest. */
const WAIT_MS = 90_000;
const LOOK_MS = 100;

const OR_AS_APPLICATION = 'or let this host work as an application: authentication basic.';

/** What the keyring lists the sign-in of a home under. */
export function signInAccount(homeDir: string): string {
  return `sign-in:${homeDir}`;
}

/**
 * Opens the keyring's library and asks the keyring nothing yet.
 * @throws AgentError KEYRING_UNAVAILABLE
 */
export async function openSignInStore(homeDir: string): Promise<SignInStore> {
  const entry = await openKeyringEntry(signInAccount(homeDir), { orElse: OR_AS_APPLICATION });
  const lockPath = homePaths(homeDir).signInLock;
  return {
    read: async () => parse(await entry.read()),
    write: (signIn) => entry.write(JSON.stringify(KeptSignInSchema.parse(signIn))),
    remove: () => entry.remove(),
    exclusively: async (work) => {
      const release = await hold(lockPath);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

/** What another program wrote there is none of ours. */
function parse(text: string | null): KeptSignIn | null {
  if (text === null) return null;
  try {
    return KeptSignInSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

async function hold(path: string): Promise<() => void> {
  // Nobody ever signed in there, and a look makes no home.
  if (!existsSync(dirname(path))) return () => undefined;
  for (let waitedMs = 0; waitedMs <= WAIT_MS; waitedMs += LOOK_MS) {
    const release = tryToHold(path);
    if (release !== null) return release;
    await delay(LOOK_MS);
  }
  throw new AgentError('CONFLICT', 'Another process of this home renews the sign-in, and does not end.');
}
