import { type Command, Option } from 'commander';
import { type SettingKey, SettingsSchema, settingFlag, settingMeta } from '../shared/settings.ts';

/** A flag for each setting of the table, but for those in `except`. */
export function addSettingFlags(command: Command, except: readonly SettingKey[]): void {
  for (const key of Object.keys(SettingsSchema.shape) as SettingKey[]) {
    if (except.includes(key)) continue;
    const { kind, description } = settingMeta(key);
    const option = new Option(
      `${settingFlag(key)} ${kind === 'boolean' ? '[boolean]' : `<${kind}>`}`,
      description,
    );
    // `--no-proxy HOSTS` is a setting of its own; commander takes it for the opposite of --proxy.
    option.negate = false;
    if (kind === 'boolean') option.preset('true');
    command.addOption(option.helpGroup('Settings:'));
  }
}

/** Text of the setting flags that were given, by key. */
export function settingFlags(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const key of Object.keys(SettingsSchema.shape)) {
    const value = options[key];
    if (typeof value === 'string') flags[key] = value;
  }
  return flags;
}
