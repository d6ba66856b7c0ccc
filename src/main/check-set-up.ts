import { z } from 'zod';
import { type ConnectionCheck, ConnectionCheckSchema } from '../shared/connection-check.ts';
import { AgentError } from '../shared/errors.ts';
import { SET_UP_KEYS, type SettingNow, type SetUpKey, type TryInput } from '../shared/set-up.ts';
import { settingVariable } from '../shared/settings.ts';
import {
  type Environment,
  errorMessageIn,
  type Finished,
  parseOutput,
  runKubot,
  sentenceFor,
} from './run-kubot.ts';
import type { ShellPlaces } from './shell-places.ts';

type Places = Pick<ShellPlaces, 'nodePath' | 'cliPath' | 'home'>;

const ExplainedSchema = z.array(
  z.object({
    key: z.string(),
    value: z.unknown(),
    source: z.string(),
    locked: z.boolean(),
    lockedBy: z.string().nullish(),
  }),
);

/** The settings that the set-up asks for, as they are, by an agent of the home or without one. */
export async function readSettings(
  places: Places,
  environment: Environment,
): Promise<Record<SetUpKey, SettingNow>> {
  const finished = await runKubot(places, ['config', 'explain', '--json', '--home', places.home], {
    environment,
  });
  const explained = ExplainedSchema.safeParse(parseOutput(finished.stdout));
  if (!explained.success) throw new AgentError('CONFIG_INVALID', sentenceOf(finished));
  return settingsOf(explained.data);
}

/** Of all settings, those of the set-up, and who fixed them. */
export function settingsOf(explained: z.infer<typeof ExplainedSchema>): Record<SetUpKey, SettingNow> {
  const now = new Map(explained.map((setting) => [setting.key, setting]));
  return Object.fromEntries(
    SET_UP_KEYS.map((key): [SetUpKey, SettingNow] => {
      const { value = null, source, locked, lockedBy } = now.get(key) ?? {};
      const fixedBy = locked
        ? 'policy'
        : source === 'environment' || source === 'flag'
          ? 'environment'
          : null;
      return [key, { value, fixedBy, lockedBy: lockedBy ?? null }];
    }),
  ) as Record<SetUpKey, SettingNow>;
}

/**
 * What `kubot check` says of it: the agent's own client on the agent's own Node. The secret goes by its stdin, the rest
 * by its environment, which nobody else sees.
 * @param secret null: that of `environment`, if the input has credentials at all
 */
export async function checkSetUp(
  places: Places,
  environment: Environment,
  { input, secret, signal }: { input: TryInput; secret: string | null; signal?: AbortSignal },
): Promise<ConnectionCheck> {
  const finished = await runKubot(places, ['check', '--json', '--home', places.home], {
    environment: checkEnvironment(environment, input, secret),
    input: secret,
    ...(signal && { signal }),
  });
  const check = ConnectionCheckSchema.safeParse(parseOutput(finished.stdout));
  if (!check.success) throw new AgentError('UNEXPECTED', sentenceOf(finished));
  return check.data;
}

/** Of the environment this program was started in, with what is to be tried in place of what is set. */
export function checkEnvironment(
  environment: Environment,
  { apiEndpoint, caFile, proxy, credentials, tenantId }: TryInput,
  secret: string | null,
): Environment {
  const tried: Record<string, string | undefined> = { ...environment };
  // The address alone is tried with nobody's credentials: it may be anybody's.
  if (credentials === null || credentials.kind === 'sign-in' || secret !== null)
    for (const name of SECRET_VARIABLES) delete tried[name];
  if (secret !== null) tried.KUBOT_SECRET_FD = '0';
  const put = (key: SetUpKey, value: string | null | undefined) => {
    if (value !== undefined) tried[settingVariable(key)] = value ?? 'null';
  };
  put('apiEndpoint', apiEndpoint);
  put('caFile', caFile);
  put('proxy', proxy);
  for (const [key, value] of settingsFor(credentials)) put(key, value);
  put('tenantId', tenantId);
  return tried;
}

/** The settings that say whom to work as; undefined: as it is set. */
export function settingsFor(credentials: TryInput['credentials']): [SetUpKey, string | undefined][] {
  if (credentials?.kind !== 'sign-in') {
    return [
      ['authentication', 'basic'],
      ['clientId', credentials?.clientId],
    ];
  }
  const { kind: _kind, ...signIn } = credentials;
  return [['authentication', 'oauth'], ...(Object.entries(signIn) as [SetUpKey, string | undefined][])];
}

const SECRET_VARIABLES = ['KUBOT_CLIENT_SECRET', 'KUBOT_CLIENT_SECRET_FILE', 'KUBOT_CLIENT_SECRET_KEYRING'];

/** Whether the environment says where a secret is. */
export function hasSecretElsewhere(environment: Environment): boolean {
  return SECRET_VARIABLES.some((name) => Boolean(environment[name]));
}

/** Its error document, else what it said. */
function sentenceOf(finished: Finished): string {
  return errorMessageIn(finished.stdout) ?? (sentenceFor(finished) || 'The program kubot gave no answer.');
}
