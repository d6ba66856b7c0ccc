import type { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import { parseSettingText, SettingTextError } from '../../shared/parse-setting.ts';
import { RobotSettingsSchema } from '../../shared/robot-settings.ts';
import { control } from '../../shared/setting-shapes.ts';
import { type SettingKey, SettingsSchema, settingMeta } from '../../shared/settings.ts';
import { nearestWord } from './nearest-word.ts';

/**
 * A setting's value, checked by the table. Errors name the key, where the value came from and its kind, never the
 * value itself: a URL may hold a password.
 * @param origin "KUBOT_SANDBOX", "--sandbox", "settings.json"
 * @throws AgentError CONFIG_INVALID
 */
export function checkSetting(key: SettingKey, value: unknown, origin: string): unknown {
  const result = SettingsSchema.shape[key].safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw issue
    ? invalid(key, issue, value, origin)
    : new AgentError('CONFIG_INVALID', `${key} is not usable.`);
}

/**
 * The same for text: a flag or a variable.
 * @throws AgentError CONFIG_INVALID
 */
export function checkSettingText(key: SettingKey, text: string, origin: string): unknown {
  // As `config set` has it: what the file holds can be taken back by a flag or a variable.
  const isNone = text === 'null' && settingMeta(key).kind === 'text';
  return checkSetting(key, isNone ? null : parseText(key, text, origin), origin);
}

/** True for a key of the table. */
export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SettingsSchema.shape, key);
}

/** @throws AgentError CONFIG_INVALID naming the nearest key; with `code` SETTING_NOT_FOUND that instead */
export function assertSettingKey(
  key: string,
  origin: string,
  code: 'CONFIG_INVALID' | 'SETTING_NOT_FOUND' = 'CONFIG_INVALID',
): asserts key is SettingKey {
  if (isSettingKey(key)) return;
  throw new AgentError(code, unknownKey(key, Object.keys(SettingsSchema.shape), origin));
}

/** What to say of a key that is none. */
export function unknownKey(key: string, known: readonly string[], origin: string): string {
  const nearest = nearestWord(key, known);
  const suggestion = nearest === null ? '' : ` Did you mean ${nearest}?`;
  return `${origin} names a setting that does not exist: ${key}.${suggestion}`;
}

function parseText(key: SettingKey, text: string, origin: string): unknown {
  try {
    return parseSettingText(settingMeta(key).kind, text);
  } catch (error) {
    if (!(error instanceof SettingTextError)) throw error;
    throw new AgentError(
      'CONFIG_INVALID',
      `${key} from ${origin} is not usable: expected ${error.expected}, got other text.`,
    );
  }
}

function invalid(key: SettingKey, issue: z.core.$ZodIssue, value: unknown, origin: string): AgentError {
  const path = [key, ...issue.path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(NESTED_SHAPES[key] ?? {});
    return new AgentError('CONFIG_INVALID', unknownKey(`${path}.${issue.keys[0] ?? ''}`, known, origin));
  }
  const got = issue.path.length === 0 ? `, got ${kindOf(value)}` : '';
  return new AgentError(
    'CONFIG_INVALID',
    `${path} from ${origin} is not usable: ${expectation(issue)}${got}.`,
  );
}

/** Settings that hold settings. */
export const NESTED_SHAPES: Readonly<Partial<Record<string, object>>> = {
  robots: RobotSettingsSchema.shape,
  control: control.shape,
};

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}`;
    case 'invalid_type':
      return `expected ${ARTICLES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return issue.origin === 'string' ? 'it must not be empty' : `it must be at least ${issue.minimum}`;
    case 'too_big':
      return `it must be at most ${issue.maximum}`;
    default:
      return 'it does not have the form of this setting';
  }
}

const ARTICLES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return ARTICLES[typeof value] ?? 'nothing';
}
