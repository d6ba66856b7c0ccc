import { AgentError, isAgentError, toAgentError } from '../../shared/errors.ts';
import type { OauthSettings } from '../config/oauth-settings.ts';
import type { Authorization } from '../kuflow/authorization.ts';
import { interrupted, type Sleep, withRetry } from '../kuflow/retry.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import type { PostForm } from './post-form.ts';
import type { KeptSignIn, SignInStore } from './sign-in-store.ts';
import { readTokenAnswer } from './token-answer.ts';

export interface TokenSourceOptions {
  readonly oauth: OauthSettings;
  readonly store: SignInStore;
  readonly post: PostForm;
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly random: () => number;
  readonly log: AgentLog;
  /** Hears of what is to be masked, before anybody uses it. */
  readonly onSecrets?: (secrets: readonly string[]) => void;
  readonly signal?: AbortSignal;
}

/** Speaks for the person who signed in. */
export interface TokenSource extends Authorization {
  /** Somebody may have signed in, or out: looks into the keyring before the next call. */
  lookAgain(): void;
}

interface AccessToken {
  readonly text: string;
  readonly from: KeptSignIn;
  readonly obtainedAtMs: number;
  readonly dueAtMs: number;
}

/** A token is renewed so long before it ends, or a quarter of its life where that is less. */
const MARGIN_MS = 60_000;
/** Of a server that does not tell: not to be relied on for longer. */
const UNTOLD_LIFE_MS = 60_000;
/** While somebody is waited for, the keyring is looked at so often. */
const LOOK_AGAIN_MS = 30_000;
/** A token that is refused so young would be followed by another that is. */
const YOUNG_MS = 10_000;
/** Secrets that are masked: of this and the last renewal. */
const SECRETS_KEPT = 4;

/*
 *                  call, nothing usable                tokens
 *   without token ──────────────────────► renewing ─────────────► with token
 *      ▲    ▲                                │                      │  │
 *      │    └── the network, a fault ────────┤                      │  │
 *      │                            refused, nobody signed in       │  │
 *      │  poked, or 30 s later              ▼                       │  │
 *      └───────────────────────────── somebody is needed            │  │
 *      └──────── due, refused by the platform, signed in or out ────┘──┘
 */

/** Access tokens from the refresh token that the keyring keeps: one renewal at a time, however many ask. */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { oauth, store, post, now, sleep, random, log, onSecrets, signal } = options;
  const { host } = new URL(oauth.tokenUrl);
  let token: AccessToken | null = null;
  /** A refresh token that the keyring could not keep. Until it does, its access token is not used. */
  let unkept: { next: AccessToken; replaces: string } | null = null;
  let failure: { error: AgentError; atMs: number } | null = null;
  /** A refresh token that the server will not have, and what it said. */
  let dead: { refreshToken: string; error: AgentError } | null = null;
  let mustLook = false;
  let renewing: Promise<AccessToken> | null = null;
  let secrets: string[] = [];

  const mask = (...values: (string | null)[]): void => {
    const fresh = values.filter((value) => value !== null && !secrets.includes(value));
    if (fresh.length === 0) return;
    secrets = [...secrets, ...(fresh as string[])].slice(-SECRETS_KEPT);
    onSecrets?.(secrets);
  };

  const keep = async (next: AccessToken, replaces: string): Promise<AccessToken> => {
    unkept = { next, replaces };
    await store.write(next.from);
    unkept = null;
    return next;
  };

  const readKept = async (): Promise<KeptSignIn> => {
    const kept = await store.read();
    if (kept === null) throw needed('Nobody is signed in.');
    const isForUs =
      kept.endpoint === oauth.endpoint &&
      kept.tokenUrl === oauth.tokenUrl &&
      kept.clientId === oauth.clientId;
    if (!isForUs) throw needed('Whoever signed in did so for another address or client than is set now.');
    mask(kept.refreshToken);
    return kept;
  };

  const exchange = async (): Promise<AccessToken> => {
    const kept = await readKept();
    if (unkept?.replaces === kept.refreshToken) return await keep(unkept.next, unkept.replaces);
    unkept = null;
    // Somebody poked, and all is as it was.
    if (token !== null && token.from.refreshToken === kept.refreshToken && now() < token.dueAtMs)
      return token;
    if (dead?.refreshToken === kept.refreshToken) throw dead.error;
    const obtainedAtMs = now();
    const { status, body } = await post(oauth.tokenUrl, {
      grant_type: 'refresh_token',
      client_id: oauth.clientId,
      refresh_token: kept.refreshToken,
    });
    const answer = readTokenAnswer(status, body);
    if (answer.kind === 'unusable') {
      throw new AgentError('PLATFORM_ERROR', `${host} gave no token: it answered with status ${status}.`);
    }
    if (answer.kind === 'refused') {
      const because = answer.description === null ? '' : `: ${answer.description}`;
      const error = needed(`${host} ended the sign-in (${answer.error})${because}.`);
      if (answer.error === 'invalid_grant') dead = { refreshToken: kept.refreshToken, error };
      throw error;
    }
    mask(answer.accessToken, answer.refreshToken);
    const lifeMs = answer.lifeMs ?? UNTOLD_LIFE_MS;
    const from = { ...kept, refreshToken: answer.refreshToken ?? kept.refreshToken };
    const next = {
      text: answer.accessToken,
      from,
      obtainedAtMs,
      dueAtMs: obtainedAtMs + lifeMs - Math.min(MARGIN_MS, lifeMs / 4),
    };
    return from.refreshToken === kept.refreshToken ? next : await keep(next, kept.refreshToken);
  };

  const renew = async (): Promise<AccessToken> => {
    mustLook = false;
    try {
      const next = await withRetry({
        operation: { repeat: 'always', attempts: 3 },
        attempt: () => store.exclusively(exchange),
        sleep,
        random,
        signal,
        onWait: (waitMs, { code, message }) =>
          log.debug('Token is asked for again', { code, message, waitMs }),
      });
      token = next;
      failure = null;
      return next;
    } catch (thrown) {
      const error = ofCall(toAgentError(thrown));
      token = null;
      // What may pass by itself is tried at the next call; a person is not to be asked to unlock at each.
      if (!error.retryable) {
        if (failure?.error.message !== error.message)
          log.warn('Somebody has to sign in', { code: error.code, message: error.message });
        failure = { error, atMs: now() };
      }
      throw error;
    }
  };

  const present = async (waiting: AbortSignal | undefined): Promise<AccessToken> => {
    if (token !== null && !mustLook && now() < token.dueAtMs) return token;
    if (failure !== null && !mustLook && now() - failure.atMs < LOOK_AGAIN_MS) throw failure.error;
    renewing ??= renew().finally(() => {
      renewing = null;
    });
    return await untilAborted(renewing, waiting);
  };

  return {
    header: async (waiting) => `Bearer ${(await present(waiting)).text}`,
    renew: async (refused) => {
      if (token !== null && refused === `Bearer ${token.text}`) {
        if (now() - token.obtainedAtMs < YOUNG_MS) return false;
        token = null;
      }
      return `Bearer ${(await present(signal)).text}` !== refused;
    },
    party: () => `sign-in ${token?.from.account}`,
    secrets: () => secrets,
    refusedHint: 'Sign in again, with an account that may work with KuFlow: kubot sign-in.',
    lookAgain: () => {
      mustLook = true;
    },
  };
}

function needed(message: string): AgentError {
  return new AgentError('SIGN_IN_NEEDED', `${message} Somebody has to sign in.`);
}

/** For the call that waited for the token: it was not sent, whatever became of the renewal. */
function ofCall(error: AgentError): AgentError {
  const { code, message, hint, retryable, details } = error;
  return new AgentError(code, message, {
    hint,
    retryable,
    details: { ...details, outcome: 'not-sent' },
    cause: error,
  });
}

/** A renewal goes on though one who waits for it has gone: what it brought would be lost. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  promise.catch(() => undefined);
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(isAgentError(signal.reason) ? signal.reason : interrupted('not-sent'));
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    return await Promise.race([promise, left.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
