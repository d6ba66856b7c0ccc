import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AgentError } from '../../shared/errors.ts';
import { RobotSettingsSchema, type SettingsSchema } from '../../shared/settings.ts';
import { homePaths } from '../home/home-paths.ts';
import { assertSettingKey, checkSetting, unknownKey } from './check-setting.ts';

/**
 * What settings.json of a home holds, parsed but not checked; {} where there is none.
 * @throws AgentError CONFIG_INVALID when it cannot be read or is not JSON
 */
export function readSettingsFile(homeDir: string): unknown {
  const path = homePaths(homeDir).settings;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    const reason = error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
    throw new AgentError('CONFIG_INVALID', `The settings in ${path} are not usable: ${reason}.`, {
      cause: error,
    });
  }
}

/**
 * Writes one setting, nested ones by dot (`robots.INVOICES.desktop`); undefined removes it. Only who holds the
 * home's lock may call this: two writers lose each other's keys.
 * @throws AgentError SETTING_NOT_FOUND, CONFIG_INVALID
 */
export async function writeSetting(homeDir: string, key: string, value: unknown): Promise<void> {
  const path = settingPath(key);
  const before = readSettingsFile(homeDir);
  const content: Record<string, unknown> =
    typeof before === 'object' && before !== null ? structuredClone({ ...before }) : {};
  const [top] = path;
  setAt(content, path, value);
  if (content[top] !== undefined) checkSetting(top, content[top], 'config set');
  // Loaded here alone: it brings a JSON Schema compiler that nothing else needs.
  const { default: Conf } = await import('conf');
  const file = new Conf({
    cwd: dirname(homePaths(homeDir).settings),
    configName: 'settings',
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
    configFileMode: 0o600,
  });
  file.store = content;
}

/**
 * `robots.INVOICES.desktop` as its parts.
 * @throws AgentError SETTING_NOT_FOUND naming the nearest
 */
export function settingPath(key: string): [keyof typeof SettingsSchema.shape, ...string[]] {
  const [top = '', ...rest] = key.split('.');
  assertSettingKey(top, 'The command', 'SETTING_NOT_FOUND');
  if (rest.length === 0) return [top];
  // A robot's code may hold dots itself, so its setting is the last part.
  const setting = rest.at(-1) ?? '';
  const code = rest.slice(0, -1).join('.');
  if (top !== 'robots' || code === '' || !Object.hasOwn(RobotSettingsSchema.shape, setting)) {
    const known = top === 'robots' ? Object.keys(RobotSettingsSchema.shape) : [];
    throw new AgentError('SETTING_NOT_FOUND', unknownKey(key, known, 'The command'));
  }
  return [top, code, setting];
}

function setAt(content: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length > 0) {
    const inner = content[key];
    const object: Record<string, unknown> = typeof inner === 'object' && inner !== null ? { ...inner } : {};
    setAt(object, rest, value);
    content[key] = object;
  } else if (value === undefined) delete content[key];
  else content[key] = value;
}
