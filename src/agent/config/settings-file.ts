import { readFileSync } from 'node:fs';
import { AgentError } from '../../shared/errors.ts';
import { RobotSettingsSchema } from '../../shared/robot-settings.ts';
import { control } from '../../shared/setting-shapes.ts';
import type { SettingsSchema } from '../../shared/settings.ts';
import { isDiskFullError } from '../home/disk-space.ts';
import { homePaths } from '../home/home-paths.ts';
import { writeAtomically } from '../home/write-atomically.ts';
import { assertSettingKey, checkSetting, NESTED_SHAPES, unknownKey } from './check-setting.ts';

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
 * @throws AgentError SETTING_NOT_FOUND, CONFIG_INVALID, HOST_DISK
 */
export async function writeSetting(homeDir: string, key: string, value: unknown): Promise<void> {
  const path = settingPath(key);
  const before = readSettingsFile(homeDir);
  const content: Record<string, unknown> =
    typeof before === 'object' && before !== null ? structuredClone({ ...before }) : {};
  const [top] = path;
  setAt(content, path, value);
  if (content[top] !== undefined) checkSetting(top, content[top], 'config set');
  save(homePaths(homeDir).settings, `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * `robots.INVOICES.desktop` or `control.group` as its parts.
 * @throws AgentError SETTING_NOT_FOUND naming the nearest
 */
export function settingPath(key: string): [keyof typeof SettingsSchema.shape, ...string[]] {
  const [top = '', ...rest] = key.split('.');
  assertSettingKey(top, 'The command', 'SETTING_NOT_FOUND');
  if (rest.length === 0) return [top];
  if (top === 'control' && rest.length === 1 && Object.hasOwn(control.shape, rest[0] ?? ''))
    return [top, ...rest];
  // A robot's code may hold dots itself, so its setting is the last part.
  const setting = rest.at(-1) ?? '';
  const code = rest.slice(0, -1).join('.');
  if (top !== 'robots' || code === '' || !Object.hasOwn(RobotSettingsSchema.shape, setting)) {
    const known = Object.keys(NESTED_SHAPES[top] ?? {});
    throw new AgentError('SETTING_NOT_FOUND', unknownKey(key, known, 'The command'));
  }
  return [top, code, setting];
}

function save(path: string, text: string): void {
  try {
    writeAtomically(path, text);
  } catch (error) {
    if (!isDiskFullError(error)) throw error;
    throw new AgentError('HOST_DISK', `The disk is full; ${path} stays as it was.`, { cause: error });
  }
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
