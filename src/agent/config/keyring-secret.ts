import { AgentError } from '../../shared/errors.ts';
import { openKeyringEntry } from '../native/keyring.ts';
import type { AgentConfig } from './agent-config.ts';

/**
 * The configuration with the client secret from the keyring, where KUBOT_CLIENT_SECRET_KEYRING says that it is there;
 * else as it was. Not a part of compiling: a keyring may ask the person, and most commands need no secret.
 * @throws AgentError KEYRING_UNAVAILABLE; CONFIG_INVALID when the keyring has no secret of this client id
 */
export async function withKeyringSecret(config: AgentConfig): Promise<AgentConfig> {
  const { clientId } = config.settings;
  if (config.credentialsSource !== 'keyring' || clientId === null) return config;
  const clientSecret = await (await openKeyringEntry(clientId)).read();
  if (!clientSecret) {
    throw new AgentError('CONFIG_INVALID', `The keyring has no client secret of ${clientId}.`, {
      hint: 'Put it there by: kubot config secret --keyring.',
    });
  }
  return Object.freeze({ ...config, credentials: Object.freeze({ clientId, clientSecret }) });
}
