import { z } from 'zod';

// Who may do what with an agent over its control API. Which method wants which grade: control-api.ts.

export const GRADES = ['read', 'full'] as const;
/** `read` looks, `full` gives orders too. */
export type Grade = (typeof GRADES)[number];

/** `owner`: the user that the agent runs as, and root; all others have what the setting `control` grants. */
const ACCESSES = ['owner', 'full', 'read'] as const;
export type Access = (typeof ACCESSES)[number];

export const WhoAmISchema = z.object({
  access: z.enum(ACCESSES),
  /** The name of who asks, else the number; null for the owner. */
  user: z.string().nullable(),
  /** Whose agent it is; null: the system does not tell. */
  owner: z.string().nullable(),
});
export type WhoAmI = z.infer<typeof WhoAmISchema>;

/**
 * Settings that a granted user with full access may change. All others are the owner's alone, a new one too until it is
 * put here: those that say who may do what, whom the host works for, and how far robots are kept from the machine.
 */
const GRANTED_SETTINGS: ReadonlySet<string> = new Set([
  'maxConcurrentRuns',
  'maxConcurrentRunsPerRobot',
  'routes',
  'robotFilter',
  'runTimeoutMs',
  'cancelGraceMs',
  'silentWarningMs',
  'postInstallTimeoutMs',
  'downloadTimeoutMs',
  'downloadIdleTimeoutMs',
  'pollMinMs',
  'pollMaxMs',
  'taskCheckMs',
  'failurePolicy',
  'retryAttempts',
  'retryBackoffMs',
  'runtimeMismatch',
  'pipVersion',
  'logHeartbeatMs',
  'logIntervalMs',
  'logLevel',
]);

/** @param key as `config set` takes it; of one robot, `robots.<code>.<key>` */
export function isGrantedSetting(key: string): boolean {
  const [top = '', ...rest] = key.split('.');
  // All settings of a robot at once may hold any of them.
  return top === 'robots'
    ? rest.length > 1 && GRANTED_SETTINGS.has(rest.at(-1) ?? '')
    : GRANTED_SETTINGS.has(key);
}

/** Settings whose values are shown to nobody but the owner: parts of credentials, addresses that may hold a token. */
const HIDDEN_SETTINGS: ReadonlySet<string> = new Set([
  'clientId',
  'control',
  'handOverTo',
  'packageIndexes',
  'proxy',
  'robots',
]);

export function isHiddenSetting(key: string): boolean {
  const [top = '', ...rest] = key.split('.');
  const name = top === 'robots' && rest.length > 1 ? (rest.at(-1) ?? '') : top;
  return HIDDEN_SETTINGS.has(name);
}
