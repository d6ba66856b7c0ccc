import { toAgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import { createKuFlowClient } from '../kuflow/create-client.ts';
import { KEYRING_SERVICE } from '../native/keyring.ts';
import { findAuthorization } from '../sign-in/find-authorization.ts';
import { signInAccount } from '../sign-in/sign-in-store.ts';
import { type Finding, failed, passed } from './check.ts';

type Connection = Status['connection'];

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** One call to the platform that changes nothing there, as the agent would make it. */
export async function tryConnection(config: AgentConfig): Promise<Connection> {
  const { authorization, lacking } = await findAuthorization(config);
  const client = createKuFlowClient({
    endpoint: config.endpoint,
    // Without any, the platform still says whether it is there, and what time it has.
    credentials: authorization ?? { clientId: 'none', clientSecret: 'none' },
    log: SILENT,
  });
  await client
    .findRobots({ context: 'READY', tenantId: config.tenantId })
    .catch((error: unknown) => toAgentError(error));
  const connection = client.connection();
  if (lacking === null || connection.state === 'offline') return connection;
  return { ...connection, lastError: { code: lacking.code, message: lacking.message } };
}

const KEEP_IT =
  'Put it into a file of mode 0600 and name that in KUBOT_CLIENT_SECRET_FILE, or into the keyring (kubot config secret --keyring) and set KUBOT_CLIENT_SECRET_KEYRING=true.';

/** What the settings and the environment give to log in with. */
export function checkCredentialsStore(config: AgentConfig, agentRuns: boolean): Finding {
  const id = 'credentials-store';
  switch (config.credentialsSource) {
    case 'file':
      return passed(
        id,
        `The client secret comes from ${config.secretFilePath}, which this user alone can read.`,
      );
    case 'pipe':
      return passed(id, 'The client secret came by a pipe, and is nowhere else.');
    case 'keyring':
      return passed(
        id,
        `The client secret is kept in this system’s keyring: service ${KEYRING_SERVICE}, account ${config.settings.clientId}.`,
      );
    case 'sign-in':
      return passed(
        id,
        `What keeps a person signed in is kept in this system’s keyring: service ${KEYRING_SERVICE}, account ${signInAccount(config.homeDir)}.`,
      );
    case 'environment':
      return failed(
        id,
        'The client secret comes from the environment, where other programs of this user may see it.',
        KEEP_IT,
        3,
      );
    case 'none':
      if (agentRuns)
        return passed(id, 'The agent that runs got its client secret itself; this shell has none.');
      return failed(id, 'There is no client secret.', KEEP_IT, 3);
  }
}

/**
 * Reachability, credentials and clock. What a failed one leaves unknown is left out.
 * @param hasCredentials whether the connection was tried with any
 * @param signsIn whether a person signs in, in place of an application
 */
export function judgeConnection(connection: Connection, hasCredentials: boolean, signsIn = false): Finding[] {
  const { endpoint, state, lastError, clockSkewMs } = connection;
  if (state === 'offline') {
    const message = lastError?.message ?? 'It was not reached yet.';
    return [
      failed('api', `${endpoint}: ${message}`, 'Check the network, the proxy, caFile and apiEndpoint.', 4),
    ];
  }
  // Nothing is asked of the platform before somebody has signed in.
  if (signsIn && state === 'unauthorized' && lastError !== null && lastError.code !== 'UNAUTHORIZED')
    return [failed('credentials', lastError.message, 'Sign in: kubot sign-in.', 5)];
  return [
    passed('api', `${endpoint} answers.`),
    signsIn
      ? judgeSignIn(state, lastError?.message)
      : judgeCredentials(state, lastError?.message ?? null, hasCredentials),
    judgeClock(clockSkewMs),
  ];
}

function judgeCredentials(
  state: Connection['state'],
  message: string | null,
  hasCredentials: boolean,
): Finding {
  const id = 'credentials';
  if (!hasCredentials) {
    return failed(
      id,
      'There is no client id with a client secret.',
      'Set clientId, and name the file of the secret in KUBOT_CLIENT_SECRET_FILE or put it into the keyring.',
      3,
    );
  }
  if (state === 'connected') return passed(id, 'The platform takes the credentials.');
  return failed(
    id,
    message ?? 'The platform refuses the credentials.',
    'Check the client id and secret of the application.',
    5,
  );
}

function judgeSignIn(state: Connection['state'], message: string | undefined): Finding {
  const id = 'credentials';
  if (state === 'connected') return passed(id, 'Somebody is signed in, and the platform takes it.');
  return failed(
    id,
    message ?? 'The platform refuses the person who signed in.',
    'Sign in again, with an account that may work with KuFlow: kubot sign-in.',
    5,
  );
}

function judgeClock(skewMs: number | null): Finding {
  if (skewMs === null) return passed('clock', 'The clock agrees with the platform’s within a minute.');
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return failed(
    'clock',
    `The clock is ${minutes} min ${skewMs > 0 ? 'ahead of' : 'behind'} the platform's.`,
    'Let the system keep its time: timedatectl set-ntp true, or the settings of date and time.',
  );
}
