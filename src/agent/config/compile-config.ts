import { resolve } from 'node:path';
import { AgentError } from '../../shared/errors.ts';
import { parseSettingText } from '../../shared/parse-setting.ts';
import { RobotSettingsSchema } from '../../shared/robot-settings.ts';
import {
  type SettingKey,
  type Settings,
  SettingsSchema,
  settingFlag,
  settingVariable,
} from '../../shared/settings.ts';
import type { AgentConfig, ConfigSource, CredentialsSource } from './agent-config.ts';
import { assertSettingKey, checkSetting, checkSettingText } from './check-setting.ts';
import { readClientSecret } from './client-secret.ts';
import { compileEndpoint } from './endpoint.ts';
import { readSettingsFile } from './settings-file.ts';

export interface ConfigInput {
  /** Text of the flags that were given, by key of the setting. */
  readonly flags: Readonly<Partial<Record<string, string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What settings.json holds, parsed but not checked; {} where there is none. */
  readonly settingsFile: unknown;
  readonly home: string;
  /** What relative paths of flags and variables start from; those in the file start from the home. */
  readonly cwd: string;
}

/**
 * Compiles the configuration with settings.json of the home as it is now.
 * @throws AgentError CONFIG_INVALID
 */
export function loadConfig(input: Omit<ConfigInput, 'settingsFile'>): AgentConfig {
  return compileConfig({ ...input, settingsFile: readSettingsFile(input.home) });
}

/**
 * Flag over environment over file over default, each value checked where it came from, then frozen. An empty
 * variable counts as unset. For `robots` the rule holds for each setting of each robot by itself.
 * @throws AgentError CONFIG_INVALID naming the key, where its value came from, and its kind
 */
export function compileConfig(input: ConfigInput): AgentConfig {
  const layers = [fileLayer(input.settingsFile), environmentLayer(input.environment), flagLayer(input.flags)];
  const values: Partial<Record<SettingKey, unknown>> = {};
  const sources: Record<string, ConfigSource> = {};
  const origins: Partial<Record<SettingKey, string>> = {};
  const robots: Record<string, Record<string, unknown>> = {};
  for (const layer of layers) {
    for (const { key, value, origin } of layer.entries) {
      sources[key] = layer.source;
      origins[key] = origin;
      if (key === 'robots') mergeRobots(robots, sources, value, layer.source);
      else values[key] = key === 'caFile' ? resolvePath(value, input, layer.source) : value;
    }
  }
  const settings = deepFreeze(SettingsSchema.parse({ ...values, robots }));
  const idle = NOT_YET.filter((key) => sources[key] !== undefined);
  for (const key of Object.keys(SettingsSchema.shape)) sources[key] ??= 'default';
  const { warnings, ...credentials } = compileCredentials(settings, input);
  return Object.freeze({
    homeDir: input.home,
    endpoint: compileEndpoint(settings.apiEndpoint, origins.apiEndpoint ?? 'the default'),
    ...credentials,
    warnings: [...warnings, ...idle.map((key) => `The setting ${key} has no effect in this version yet.`)],
    tenantId: settings.tenantId,
    settings,
    sources: Object.freeze(sources),
    reload: () => loadConfig(input),
    robot: (code: string) => Object.assign({}, settings, settings.robots[code] ?? {}),
  });
}

/** Settings of what is still to come. They are read, so that a roll-out may carry them already. */
const NOT_YET: readonly SettingKey[] = ['engineAddress', 'engineNamespace', 'engineTaskQueue'];

interface Layer {
  readonly source: ConfigSource;
  readonly entries: readonly { key: SettingKey; value: unknown; origin: string }[];
}

function fileLayer(content: unknown): Layer {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new AgentError('CONFIG_INVALID', 'settings.json is not usable: expected an object of settings.');
  }
  const entries = Object.entries(content).map(([key, value]) => {
    assertSettingKey(key, 'settings.json');
    return { key, value: checkSetting(key, value, 'settings.json'), origin: 'settings.json' };
  });
  return { source: 'file', entries };
}

function environmentLayer(environment: ConfigInput['environment']): Layer {
  const entries: { key: SettingKey; value: unknown; origin: string }[] = [];
  for (const key of Object.keys(SettingsSchema.shape)) {
    assertSettingKey(key, 'the table');
    const origin = settingVariable(key);
    const text = environment[origin];
    if (text) entries.push({ key, value: checkSettingText(key, text, origin), origin });
  }
  const perRobot = `${settingVariable('robots')}_`;
  for (const [origin, text] of Object.entries(environment)) {
    if (!origin.startsWith(perRobot) || !text) continue;
    const document = checkSettingText(
      'robots',
      `{${JSON.stringify(origin.slice(perRobot.length))}:${text}}`,
      origin,
    );
    entries.push({ key: 'robots', value: document, origin });
  }
  return { source: 'environment', entries };
}

function flagLayer(flags: ConfigInput['flags']): Layer {
  const entries = Object.entries(flags).flatMap(([key, text]) => {
    if (text === undefined) return [];
    const origin = settingFlag(key);
    assertSettingKey(key, origin);
    return [{ key, value: checkSettingText(key, text, origin), origin }];
  });
  return { source: 'flag', entries };
}

/** Later layers win, setting by setting; `sources` learns where each came from, by its dotted key. */
function mergeRobots(
  robots: Record<string, Record<string, unknown>>,
  sources: Record<string, ConfigSource>,
  value: unknown,
  source: ConfigSource,
): void {
  const checked = SettingsSchema.shape.robots.parse(value);
  for (const [code, own] of Object.entries(checked)) {
    robots[code] = { ...robots[code], ...own };
    for (const key of Object.keys(RobotSettingsSchema.shape)) {
      if (Object.hasOwn(own, key)) sources[`robots.${code}.${key}`] = source;
    }
  }
}

function resolvePath(value: unknown, input: ConfigInput, source: ConfigSource): unknown {
  return typeof value === 'string' ? resolve(source === 'file' ? input.home : input.cwd, value) : value;
}

const ENVIRONMENT_WARNING =
  'The client secret came from the environment, where other programs of this user may see it. Put it into a file that only you can read and name it in KUBOT_CLIENT_SECRET_FILE, or into the keyring (kubot config secret --keyring).';

function compileCredentials(
  settings: Settings,
  { environment, cwd }: ConfigInput,
): Pick<AgentConfig, 'credentials' | 'credentialsSource' | 'secretFilePath' | 'warnings'> {
  if (settings.authentication === 'oauth')
    return { credentials: null, credentialsSource: 'sign-in', secretFilePath: null, warnings: [] };
  const file = environment.KUBOT_CLIENT_SECRET_FILE;
  const given = environment.KUBOT_CLIENT_SECRET;
  const secretFilePath = !given && file ? resolve(cwd, file) : null;
  const clientSecret =
    given || (secretFilePath === null ? null : readClientSecret(secretFilePath, environment));
  const inVariable = environment.KUBOT_SECRET_FD === '0' ? 'pipe' : 'environment';
  const elsewhere = isInKeyring(environment) ? 'keyring' : 'none';
  const credentialsSource: CredentialsSource = given ? inVariable : secretFilePath ? 'file' : elsewhere;
  const { clientId } = settings;
  return {
    credentials: clientId && clientSecret ? Object.freeze({ clientId, clientSecret }) : null,
    credentialsSource,
    secretFilePath,
    warnings: credentialsSource === 'environment' ? [ENVIRONMENT_WARNING] : [],
  };
}

/** Whether the secret lies in the keyring, as far as nothing else gives it. */
function isInKeyring({ KUBOT_CLIENT_SECRET_KEYRING: text }: ConfigInput['environment']): boolean {
  if (!text) return false;
  try {
    return parseSettingText('boolean', text) === true;
  } catch {
    throw new AgentError(
      'CONFIG_INVALID',
      'KUBOT_CLIENT_SECRET_KEYRING is not usable: expected true or false.',
    );
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
