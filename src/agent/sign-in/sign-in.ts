import { createHash, randomBytes } from 'node:crypto';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { Language } from '../../shared/words/language.ts';
import type { OauthSettings } from '../config/oauth-settings.ts';
import { openSignInListener, type RedirectAnswer } from './listener.ts';
import type { PostForm } from './post-form.ts';
import type { KeptSignIn } from './sign-in-store.ts';
import { plain, readTokenAnswer } from './token-answer.ts';

export interface SignInOptions {
  readonly oauth: OauthSettings;
  /** Shows a person the URL. What it rejects with ends the sign-in. */
  readonly show: (url: string) => Promise<unknown> | unknown;
  /** Keeps what came of it, before the browser is told that it is done. */
  readonly keep: (signedIn: KeptSignIn) => Promise<unknown>;
  readonly post: PostForm;
  /** The person gave it up. */
  readonly signal?: AbortSignal;
  /** Of the page that the browser is left with. */
  readonly language?: Language;
  readonly timeoutMs?: number;
}

/** From opening the browser to its answer: a password, a second factor, a look at the mail. */
const TIMEOUT_MS = 5 * 60_000;

/**
 * Lets a person sign in with the system's browser (RFC 8252): authorization code with PKCE S256, answered to a
 * listener on loopback that lives until then.
 * @throws AgentError SIGN_IN_REFUSED, SIGN_IN_TIMED_OUT, SIGN_IN_FAILED, PLATFORM_UNREACHABLE, PLATFORM_ERROR;
 * INTERRUPTED when `signal` aborts; what `keep` throws
 */
export async function signIn(options: SignInOptions): Promise<KeptSignIn> {
  const { oauth, show, keep, signal, timeoutMs = TIMEOUT_MS } = options;
  const state = randomBytes(32).toString('base64url');
  const verifier = randomBytes(32).toString('base64url');
  const listener = await openSignInListener({ state, language: options.language ?? 'en' });
  const ending = endAfter(timeoutMs, signal);
  try {
    const { redirectUri } = listener;
    await show(askUrl(oauth, { redirectUri, state, challenge: challengeOf(verifier) }));
    const answer = await ending.or(listener.answer);
    try {
      const code = codeOf(answer);
      const signedIn = await ending.or(redeem(options, { code, redirectUri, verifier }));
      await keep(signedIn);
      await answer.show('done');
      return signedIn;
    } catch (error) {
      const isRefusal = isAgentError(error) && error.code === 'SIGN_IN_REFUSED';
      await answer.show(isRefusal ? 'refused' : 'failed');
      throw error;
    }
  } finally {
    ending.dispose();
    await listener.close();
  }
}

/** By RFC 7636, 4.2. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url');
}

function askUrl(
  { authorizationUrl, clientId, scopes }: OauthSettings,
  { redirectUri, state, challenge }: { redirectUri: string; state: string; challenge: string },
): string {
  const url = new URL(authorizationUrl);
  const fields = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: scopes.join(' '),
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
  return url.href;
}

/** @throws AgentError SIGN_IN_REFUSED for a person's or the server's no; SIGN_IN_FAILED for what is wrong between us */
function codeOf({ query }: RedirectAnswer): string {
  if ('code' in query) return query.code;
  const error = plain(query.error);
  const because = query.description === null ? '' : `: ${plain(query.description)}`;
  if (error === 'access_denied')
    throw new AgentError('SIGN_IN_REFUSED', `Signing in was refused in the browser${because}.`);
  throw new AgentError('SIGN_IN_FAILED', `The sign-in page answered with the error ${error}${because}.`);
}

async function redeem(
  { oauth, post }: SignInOptions,
  given: { code: string; redirectUri: string; verifier: string },
): Promise<KeptSignIn> {
  const { tokenUrl, clientId, endpoint } = oauth;
  const { host } = new URL(tokenUrl);
  const { status, body } = await post(tokenUrl, {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: given.code,
    redirect_uri: given.redirectUri,
    code_verifier: given.verifier,
  });
  const answer = readTokenAnswer(status, body);
  switch (answer.kind) {
    case 'unusable':
      throw new AgentError('SIGN_IN_FAILED', `${host} gave no token: it answered with status ${status}.`);
    case 'refused': {
      const because = answer.description === null ? '' : `: ${answer.description}`;
      throw new AgentError('SIGN_IN_FAILED', `${host} gave no token (${answer.error})${because}.`);
    }
    case 'tokens': {
      const { refreshToken, account } = answer;
      if (refreshToken === null) {
        throw new AgentError(
          'SIGN_IN_FAILED',
          `${host} gave no refresh token, so the sign-in would not last.`,
          {
            hint: 'Add offline_access to the setting oauthScopes, if the server knows it, then sign in again.',
          },
        );
      }
      return { refreshToken, clientId, tokenUrl, endpoint, account };
    }
  }
}

/** What ends the waiting, whatever is waited for. */
function endAfter(timeoutMs: number, signal: AbortSignal | undefined) {
  const ended = Promise.withResolvers<never>();
  // It may end while nobody waits.
  ended.promise.catch(() => undefined);
  const minutes = Math.round(timeoutMs / 60_000);
  const timer = setTimeout(
    () => ended.reject(new AgentError('SIGN_IN_TIMED_OUT', `Nobody signed in within ${minutes} minutes.`)),
    timeoutMs,
  );
  const leave = () => ended.reject(new AgentError('INTERRUPTED', 'Signing in was given up.'));
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  return {
    or: <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, ended.promise]),
    dispose: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    },
  };
}
