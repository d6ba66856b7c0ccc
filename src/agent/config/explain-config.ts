import type { ExplainedSetting, SettingView } from '../../shared/control-api.ts';
import { type SettingKind, settingMeta } from '../../shared/settings.ts';
import type { AgentConfig } from './agent-config.ts';
import { isSettingKey } from './check-setting.ts';
import { settingPath } from './settings-file.ts';

/** Every setting with its value and where it comes from; those of one robot follow with their dotted keys. */
export function explainConfig(config: AgentConfig): ExplainedSetting[] {
  const { sources } = config;
  const explained: ExplainedSetting[] = Object.entries(config.settings).map(([key, value]) => ({
    key,
    value: withoutPasswords(value),
    source: sources[key] ?? 'default',
    locked: false,
  }));
  for (const [code, own] of Object.entries(config.settings.robots)) {
    for (const [key, value] of Object.entries(own)) {
      const dotted = `robots.${code}.${key}`;
      explained.push({
        key: dotted,
        value: withoutPasswords(value),
        source: sources[dotted] ?? 'default',
        locked: false,
      });
    }
  }
  return explained;
}

/**
 * One setting. What was not said for one robot is answered with what holds for it.
 * @throws AgentError SETTING_NOT_FOUND naming the nearest
 */
export function explainSetting(config: AgentConfig, key: string): SettingView {
  const { sources } = config;
  const [top, code, setting] = settingPath(key);
  if (top === 'control' && code !== undefined) {
    const inner: unknown = Reflect.get(config.settings.control, code);
    return { key, value: withoutPasswords(inner), source: sources.control ?? 'default' };
  }
  if (code === undefined || setting === undefined) {
    return { key, value: withoutPasswords(config.settings[top]), source: sources[top] ?? 'default' };
  }
  const merged: Readonly<Record<string, unknown>> = config.robot(code);
  return {
    key,
    value: withoutPasswords(merged[setting] ?? null),
    source: sources[key] ?? sources[setting] ?? 'default',
  };
}

/** How the text of a setting is read: `robots.INVOICES.runTimeoutMs` as runTimeoutMs is. */
export function settingKindOf(key: string): SettingKind {
  const [top, part, setting] = settingPath(key);
  if (top === 'control' && part !== undefined) return CONTROL_KINDS[part] ?? 'json';
  if (setting === undefined) return settingMeta(top).kind;
  return isSettingKey(setting) ? settingMeta(setting).kind : (ROBOT_ONLY[setting] ?? 'text');
}

const CONTROL_KINDS: Readonly<Record<string, SettingKind>> = { group: 'text', groupAccess: 'choice' };

/** Kinds of the settings that exist for one robot alone. */
const ROBOT_ONLY: Readonly<Record<string, SettingKind>> = { desktop: 'boolean', gui: 'choice' };

/** A value as it may be shown: `http://user:password@proxy` without what is before the @. */
function withoutPasswords(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^@/]*@/i, '$1***@');
  if (Array.isArray(value)) return value.map(withoutPasswords);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutPasswords(part)]));
}
