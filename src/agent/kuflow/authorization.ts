export type ApiCredentials = { clientId: string; clientSecret: string } | { bearerToken: string };

/** How the host makes itself known to the platform. */
export interface Authorization {
  /**
   * The Authorization header of a call that is made now.
   * @throws AgentError when there is none to be had: SIGN_IN_NEEDED, KEYRING_UNAVAILABLE, PLATFORM_UNREACHABLE, …;
   * INTERRUPTED when `signal` aborts
   */
  header(signal?: AbortSignal): Promise<string>;
  /**
   * The platform answered 401 to this header. True: there is another by now, so the call is worth one more try.
   * @throws AgentError as `header` does
   */
  renew(refused: string): Promise<boolean>;
  /** Names who makes the calls, the same for as long as that is the same. */
  party(): string;
  /** What is to be seen nowhere. */
  secrets(): readonly string[];
  /** What a person can do when the platform refuses it; null: what is usual. */
  readonly refusedHint: string | null;
}

/** Credentials that somebody else keeps up to date: asked at every call. */
export function fixedAuthorization(credentials: () => ApiCredentials): Authorization {
  const header = () => authorizationOf(credentials());
  return {
    header: async () => header(),
    renew: async (refused) => header() !== refused,
    party: header,
    secrets: () => {
      const present = credentials();
      return ['bearerToken' in present ? present.bearerToken : present.clientSecret];
    },
    refusedHint: null,
  };
}

function authorizationOf(credentials: ApiCredentials): string {
  if ('bearerToken' in credentials) return `Bearer ${credentials.bearerToken}`;
  const pair = `${credentials.clientId}:${credentials.clientSecret}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}
