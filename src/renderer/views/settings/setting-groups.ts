import type { SettingKey } from '../../../shared/settings.ts';

export const SETTING_GROUPS = [
  'connection',
  'work',
  'failures',
  'isolation',
  'robots',
  'logs',
  'storage',
  'times',
  'notifications',
] as const;
export type SettingGroup = (typeof SETTING_GROUPS)[number];

/** What a key begins with says where it belongs; the few others are named. */
const NAMED: Partial<Record<SettingKey, SettingGroup>> = {
  apiEndpoint: 'connection',
  clientId: 'connection',
  tenantId: 'connection',
  caFile: 'connection',
  proxy: 'connection',
  noProxy: 'connection',
  handOverTo: 'failures',
  packageIndexes: 'robots',
  pipVersion: 'robots',
  localRuntimes: 'robots',
  homeMode: 'isolation',
  secretVariables: 'isolation',
  diskReserveBytes: 'storage',
  uploadOutputs: 'robots',
  operationPointer: 'robots',
};

const BEGINNINGS: readonly (readonly [RegExp, SettingGroup])[] = [
  [/^(engine|authentication|oauth)/, 'connection'],
  [/^notify/, 'notifications'],
  [/^courtesy/, 'work'],
  [/^(failurePolicy|retry|take)/, 'failures'],
  [/^(allowedHosts|packageSignatures|publisherKeys)/, 'isolation'],
  [/^(control|sandbox|network|files|sockets|limits|gui|gateway)/, 'isolation'],
  [/^(runtimeMismatch|package|runtime)/, 'robots'],
  [/^(log|runLog|silent)/, 'logs'],
  [/(Retention|MaxBytes|storeMax)/, 'storage'],
  [/Ms$/, 'times'],
];

/** Read by whoever goes by it each time; all others hold from the next start of the agent. */
export function holdsAtOnce(key: string): boolean {
  return groupOf(key) === 'notifications';
}

/** Where the settings view shows a setting. */
export function groupOf(key: string): SettingGroup {
  const name = key as SettingKey;
  return NAMED[name] ?? BEGINNINGS.find(([beginning]) => beginning.test(key))?.[1] ?? 'work';
}
