import { AgentError } from '../../shared/errors.ts';

/**
 * What keyrings list our secrets under. The account of a client secret is the client id, that of a sign-in is
 * `sign-in:` and the home: HTTP's Basic takes no client id with a colon, so that they cannot meet.
 */
export const KEYRING_SERVICE = 'kubot-runner';

type Library = Pick<typeof import('@napi-rs/keyring'), 'AsyncEntry'>;

/** The place of one secret in the operating system's keyring. Each call may ask the person. */
export interface KeyringEntry {
  /** null: there is none. */
  read(): Promise<string | null>;
  write(secret: string): Promise<void>;
  /** False where there was none. */
  remove(): Promise<boolean>;
}

export interface KeyringOptions {
  /** What to do where there is no keyring, to end the sentence of a fix. */
  readonly orElse?: string;
  readonly loadLibrary?: () => Promise<Library>;
}

/**
 * Loads the library (docs/adr/0012), which nobody else does, and asks the keyring nothing yet.
 * @throws AgentError KEYRING_UNAVAILABLE, as do the entry's calls
 */
export async function openKeyringEntry(
  account: string,
  { orElse = OR_BY_FILE, loadLibrary = () => import('@napi-rs/keyring') }: KeyringOptions = {},
): Promise<KeyringEntry> {
  const { AsyncEntry } = await loadLibrary().catch((cause: unknown) => {
    throw unavailable(
      `No keyring can be used: its library has no binary for ${SYSTEM}.`,
      `${NO_BINARY}, ${orElse}`,
      cause,
    );
  });
  const ask = async <T>(call: (entry: InstanceType<typeof AsyncEntry>) => Promise<T>): Promise<T> => {
    try {
      return await call(new AsyncEntry(KEYRING_SERVICE, account, STORE));
    } catch (error) {
      throw refusal(error, orElse);
    }
  };
  return {
    // As bytes: Windows takes 2,560 of them, and would make two of each letter of a password.
    read: async () => {
      const bytes = await ask((entry) => entry.getSecret());
      return bytes && Buffer.from(bytes).toString('utf8');
    },
    write: (secret) => ask((entry) => entry.setSecret(Buffer.from(secret, 'utf8'))),
    remove: () => ask((entry) => entry.deleteCredential()),
  };
}

/** Without this the library falls back to the kernel's keyring, which forgets all when the machine restarts. */
const STORE = { linux: { store: 'secret-service' } } as const;

const SYSTEM = `${process.platform}-${process.arch}`;
const OR_BY_FILE = 'or give the secret by file: KUBOT_CLIENT_SECRET_FILE.';
const NO_BINARY = 'Install the libraries with their optional packages (npm ci)';
const LOCKED = 'Unlock it, as logging in to a desktop does';
const NO_SERVICE = 'Start GNOME Keyring or KWallet as this user and set DBUS_SESSION_BUS_ADDRESS';

/** The library tells its errors apart by their sentence alone. */
function refusal(error: unknown, orElse: string): AgentError {
  const reason = error instanceof Error ? error.message : String(error);
  if (reason.startsWith("Couldn't access platform storage")) {
    return unavailable(
      `The keyring is locked, or was never set up (${reason}).`,
      `${LOCKED}, ${orElse}`,
      error,
    );
  }
  if (process.platform === 'linux') {
    return unavailable(
      `No Secret Service answers on this session’s D-Bus (${reason}).`,
      `${NO_SERVICE}, ${orElse}`,
      error,
    );
  }
  return unavailable(`The keyring of this system refuses (${reason}).`, `${LOCKED}, ${orElse}`, error);
}

function unavailable(message: string, hint: string, cause: unknown): AgentError {
  return new AgentError('KEYRING_UNAVAILABLE', message, { hint, cause });
}
