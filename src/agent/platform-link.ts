import type { AgentEvent } from './agent.ts';
import type { AgentConfig } from './config/agent-config.ts';
import { watchClientSecret } from './config/client-secret.ts';
import { compileOauth } from './config/oauth-settings.ts';
import type { Authorization } from './kuflow/authorization.ts';
import { fixedAuthorization } from './kuflow/authorization.ts';
import { createKuFlowClient, type KuFlowClient } from './kuflow/create-client.ts';
import { sleepFor } from './kuflow/retry.ts';
import type { OpenAgentLog } from './logs/agent-log.ts';
import { createPostForm } from './sign-in/post-form.ts';
import type { SignInStore } from './sign-in/sign-in-store.ts';
import { createTokenSource } from './sign-in/token-source.ts';
import { findLocalAddress } from './worker/local-address.ts';
import { WorkerRegistration } from './worker/registration.ts';
import { type CatalogueRobot, RobotCatalogue } from './worker/robot-catalogue.ts';

export interface PlatformLinkOptions {
  config: AgentConfig;
  hostName: string;
  installationId: string;
  log: OpenAgentLog;
  now: () => number;
  random: () => number;
  fetch: ((request: Request) => Promise<Response>) | undefined;
  /** Where a person signs in; null: the host works as an application. */
  signInStore: SignInStore | null;
  /** False for robots that this host is known never to run: the platform is not told of them. */
  isPossible: (robotId: string) => boolean;
  closing: AbortSignal;
}

/** What the agent is to the platform: a client with credentials, a worker, a catalogue of robots. */
export interface PlatformLink {
  readonly client: KuFlowClient;
  readonly registration: WorkerRegistration;
  readonly catalogue: RobotCatalogue;
  /** The host's own. */
  readonly authorization: Authorization;
  /** Somebody may have signed in or out. */
  lookForSignIn(): void;
  /** What is to be seen nowhere: the client secret, and those it replaced while the agent ran; tokens. */
  secrets(): string[];
  principalId(): string | null;
  onCatalogue(listener: (robots: readonly CatalogueRobot[]) => void): void;
  /** Connection or worker changed; `registered` is an event too. */
  onChange(listener: (event: AgentEvent | null) => void): void;
  /** Registers and refreshes until `signal` aborts. */
  start(signal: AbortSignal): Promise<void>;
  close(): void;
}

export function openPlatform(options: PlatformLinkOptions): PlatformLink {
  const { config, hostName, installationId, log, now, random } = options;
  let credentials = config.credentials ?? { clientId: '', clientSecret: '' };
  const secrets = new Set([credentials.clientSecret]);
  const changed = new Set<(event: AgentEvent | null) => void>();
  const catalogued = new Set<(robots: readonly CatalogueRobot[]) => void>();
  const tell = (event: AgentEvent | null) => {
    for (const listener of changed) listener(event);
  };
  const source =
    options.signInStore === null
      ? null
      : createTokenSource({
          oauth: compileOauth(config.settings, config.endpoint),
          store: options.signInStore,
          post: createPostForm(options.fetch),
          now,
          sleep: sleepFor,
          random,
          log,
          onSecrets: (tokens) => log.setPassingSecrets(tokens),
          signal: options.closing,
        });
  const authorization: Authorization = source ?? fixedAuthorization(() => credentials);
  const client = createKuFlowClient({
    endpoint: config.endpoint,
    credentials: authorization,
    log,
    now,
    random,
    onConnection: () => tell(null),
    ...(options.fetch && { fetch: options.fetch }),
  });
  const catalogue: RobotCatalogue = new RobotCatalogue({
    client,
    tenantId: config.tenantId,
    filter: config.settings.robotFilter,
    log,
    onChange: () => {
      for (const listener of catalogued) listener(catalogue.all());
      registration.poke();
    },
  });
  const registration = new WorkerRegistration({
    client,
    worker: {
      hostName,
      installationId,
      tenantId: config.tenantId,
      taskQueue: null,
      workflowTypes: [],
      activityTypes: [],
    },
    findIp: () => findLocalAddress(config.endpoint),
    robotIds: () =>
      catalogue
        .served()
        .map(({ id }) => id)
        .filter(options.isPossible),
    onRegistered: ({ identity, first }) => tell(first ? { event: 'registered', worker: identity } : null),
    onRefused: () => tell(null),
    log,
    now,
  });
  const unwatch =
    config.secretFilePath === null
      ? () => {}
      : watchClientSecret(config.secretFilePath, () => {
          try {
            credentials = config.reload().credentials ?? credentials;
            secrets.add(credentials.clientSecret);
            log.addSecrets(secrets);
            log.info('Client secret read again', {});
            registration.poke();
            catalogue.poke();
          } catch (error) {
            log.warn('Client secret could not be read again', { message: String(error) });
          }
        });
  return {
    client,
    registration,
    catalogue,
    authorization,
    lookForSignIn: () => source?.lookAgain(),
    secrets: () => [...secrets, ...(source?.secrets() ?? [])],
    principalId: () => registration.principalId(),
    onCatalogue: (listener) => void catalogued.add(listener),
    onChange: (listener) => void changed.add(listener),
    start: async (signal) => {
      // The first registration names the robots, so the list comes first; without a list it registers all the same.
      await catalogue.refresh(signal).catch(() => {});
      await Promise.all([registration.start(signal), catalogue.start(signal)]);
    },
    close: unwatch,
  };
}
