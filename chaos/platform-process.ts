import type { PlatformBehaviour } from '../src/platform/behaviour.ts';
import type { SeedInput } from '../src/platform/seed.ts';
import { type Application, startPlatform } from '../src/platform/start-platform.ts';
import { answerCalls } from '../test/helpers/process-calls.ts';

export interface PlatformArguments {
  dataDir: string;
  /** 0: a free one. */
  port: number;
  behaviour: Partial<PlatformBehaviour>;
  /** Names of further applications. */
  applications: string[];
  /** With where its files lie; null: the data folder has it. */
  seed: { dir: string; input: SeedInput } | null;
}

export interface PlatformAccess {
  url: string;
  tenantId: string;
  applications: Application[];
}

// The embedded platform as a process of its own: what can be killed. argv: PlatformArguments as JSON.
const { dataDir, port, behaviour, applications, seed } = JSON.parse(
  process.argv[2] ?? '',
) as PlatformArguments;
const invalid: string[] = [];
const platform = await startPlatform({
  dataDir,
  port,
  behaviour,
  ...(seed && { seed: seed.input, seedDir: seed.dir }),
  assets: { find: async () => null },
  onInvalidAnswer: (operationId, errors) => invalid.push(`${operationId}: ${JSON.stringify(errors)}`),
  // A client that is killed leaves half a request behind.
  onFault: (error) => console.error(error),
});
const { url, tenantId, clientId, clientSecret, bearerToken, principalId } = platform;
const access: PlatformAccess = {
  url,
  tenantId,
  applications: [
    { clientId, clientSecret, bearerToken, principalId },
    ...applications.map((name) => platform.addApplication(name)),
  ],
};
answerCalls({ access: () => access, invalidAnswers: () => invalid });
