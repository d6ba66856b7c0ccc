import { type AgentError, isAgentError } from '../../shared/errors.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import { compileOauth } from '../config/oauth-settings.ts';
import { type Authorization, fixedAuthorization } from '../kuflow/authorization.ts';
import { sleepFor } from '../kuflow/retry.ts';
import { createPostForm } from './post-form.ts';
import { openSignInStore } from './sign-in-store.ts';
import { createTokenSource } from './token-source.ts';

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** Whom a command speaks for; null: nobody. `lacking` says that somebody has to sign in. */
interface Found {
  readonly authorization: Authorization | null;
  readonly lacking: AgentError | null;
}

/**
 * For a look at the platform without an agent. That renews the sign-in, as the agent's own look would.
 * @throws AgentError CONFIG_INVALID, KEYRING_UNAVAILABLE, HOME_UNUSABLE, CONFLICT
 */
export async function findAuthorization(config: AgentConfig, timeoutMs?: number): Promise<Found> {
  const { credentials, credentialsSource, settings, endpoint, homeDir } = config;
  if (credentialsSource !== 'sign-in')
    return { authorization: credentials && fixedAuthorization(() => credentials), lacking: null };
  const authorization = createTokenSource({
    oauth: compileOauth(settings, endpoint),
    store: await openSignInStore(homeDir),
    post: createPostForm(undefined, timeoutMs),
    now: Date.now,
    sleep: sleepFor,
    random: Math.random,
    log: SILENT,
  });
  try {
    await authorization.header();
  } catch (error) {
    if (!isAgentError(error)) throw error;
    if (error.code === 'SIGN_IN_NEEDED') return { authorization: null, lacking: error };
    // That the network is away is told of the call itself.
    if (!error.retryable) throw error;
  }
  return { authorization, lacking: null };
}
