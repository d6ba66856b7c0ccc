import { z } from 'zod';
import { RobotSettingsSchema } from './robot-settings.ts';
import {
  bytes,
  control,
  DAY,
  failurePolicy,
  files,
  GB,
  gatewayScope,
  gui,
  HOUR,
  homeMode,
  hostPattern,
  limits,
  MB,
  MINUTE,
  ms,
  network,
  packageSignatures,
  path,
  publisherKeys,
  runtimeMismatch,
  SECOND,
  sandboxLevel,
  secretVariables,
  text,
} from './setting-shapes.ts';

/**
 * Every setting, once. From this table come the flag (`--max-concurrent-runs`), the key in settings.json
 * (`maxConcurrentRuns`), the variable (`KUBOT_MAX_CONCURRENT_RUNS`), `config explain` and docs/settings.md.
 * Durations end in Ms, sizes in Bytes. `kind` says how text becomes a value: a duration takes `30m` or plain
 * milliseconds, a size takes bytes or `512MB`, json takes a JSON document, list a JSON array or commas.
 */
export type SettingKind = 'text' | 'choice' | 'integer' | 'boolean' | 'duration' | 'size' | 'json' | 'list';

interface SettingMeta {
  readonly kind: SettingKind;
  readonly description: string;
}
const setting = <T extends z.ZodType>(kind: SettingKind, schema: T, description: string): T =>
  schema.meta({ kind, description } satisfies SettingMeta);

export const RouteSchema = z.strictObject({
  robot: z.string().min(1),
  operation: z.string().min(1).optional(),
});

export const SettingsSchema = z.strictObject({
  apiEndpoint: setting(
    'text',
    z.string().min(1).default('https://api.kuflow.com'),
    'Where the KuFlow API is, with or without the version path. Plain http only to this machine.',
  ),
  clientId: setting('text', text.default(null), 'Client id of the KuFlow application this host works as.'),
  authentication: setting(
    'choice',
    z.enum(['basic', 'oauth']).default('basic'),
    'How this host makes itself known: basic, as an application by clientId and its secret; oauth, as the person who signed in with kubot sign-in.',
  ),
  oauthAuthorizationUrl: setting(
    'text',
    z.string().min(1).default('https://auth.kuflow.com/realms/KuFlow/protocol/openid-connect/auth'),
    'With oauth: where people sign in with their browser.',
  ),
  oauthTokenUrl: setting(
    'text',
    z.string().min(1).default('https://auth.kuflow.com/realms/KuFlow/protocol/openid-connect/token'),
    'With oauth: where tokens are asked for. Plain http only to this machine.',
  ),
  oauthClientId: setting(
    'text',
    text.default(null),
    'With oauth: id of the public client that whoever runs the sign-in server registered for this program.',
  ),
  oauthScopes: setting(
    'text',
    z.string().min(1).default('openid email'),
    'With oauth: scopes by spaces; with offline_access, where the server knows it, a sign-in outlasts long pauses.',
  ),
  tenantId: setting('text', text.default(null), 'Tenant to work in, where the credentials see several.'),
  sandbox: setting('choice', sandboxLevel.default('standard'), 'How far robots are kept from the machine.'),
  sandboxRequired: setting(
    'boolean',
    z.boolean().default(false),
    'Refuse tasks rather than run their robots at a lower level than `sandbox`; strict is always so.',
  ),
  gui: setting(
    'choice',
    gui.default('none'),
    'The screen that robots see: none, a private virtual one, or this host’s, with its input.',
  ),
  network: setting(
    'choice',
    network.default('open'),
    'Whether robots reach what this host reaches or `allowedHosts` alone; strict is always an allow-list.',
  ),
  allowedHosts: setting(
    'list',
    z.array(hostPattern).default([]),
    'Hosts of an allow-list: host:port; *.example.com:443, and * as host or port, are patterns.',
  ),
  files: setting(
    'json',
    files.default({}),
    'Files and folders of this host that sandboxed robots may use: {"read": ["~/Documents"], "write": []}.',
  ),
  sockets: setting('list', z.array(path).default([]), 'Unix sockets that sandboxed robots may connect to.'),
  limits: setting(
    'json',
    limits.default({}),
    'What one run may use: {"memoryBytes", "processes", "cpuPercent" (100 is a core), "openFiles"}; null: no limit.',
  ),
  gatewayScope: setting(
    'choice',
    gatewayScope.default('run'),
    'What a robot reaches of the KuFlow API: its own process, task, robot and documents, or all that this host may.',
  ),
  control: setting(
    'json',
    control.prefault({}),
    'Who else may use this agent: {"allowUsers": {"anna": "read"}, "group": "kubot-operators", "groupAccess": "full"}.',
  ),
  maxConcurrentRuns: setting(
    'integer',
    z.number().int().min(1).max(64).default(2),
    'Runs at the same time on this host.',
  ),
  maxConcurrentRunsPerRobot: setting(
    'integer',
    z.number().int().min(1).max(64).default(64),
    'Runs of one robot at the same time; robots.<code>.maxConcurrentRuns for one of them.',
  ),
  routes: setting(
    'json',
    z.record(z.string(), RouteSchema).default({}),
    'Task definition code to robot and operation: {"CODE": {"robot": "ROBOT", "operation": "Name"}}.',
  ),
  robotFilter: setting(
    'list',
    z.array(z.string().min(1)).default([]),
    'Robots (ids or codes) that this host serves; empty: all it may.',
  ),
  robots: setting(
    'json',
    z.record(z.string(), RobotSettingsSchema).default({}),
    'Settings for one robot, by its code.',
  ),
  courtesyCountdownMs: setting(
    'duration',
    ms.default(30 * SECOND),
    'Before a robot that drives the screen begins, the person at this host is told and has so long to put it off.',
  ),
  courtesyPostponeMaxMs: setting(
    'duration',
    ms.default(4 * HOUR),
    'How long that person may put such robots off in all until one has run; 0: not at all.',
  ),
  courtesyWaitWhilePresenting: setting(
    'boolean',
    z.boolean().default(true),
    'Robots that drive the screen wait while the person at this host is presenting.',
  ),
  courtesyWaitWhileLocked: setting(
    'boolean',
    z.boolean().default(true),
    'Robots that drive the screen wait while the person at this host has locked it.',
  ),
  runTimeoutMs: setting('duration', ms.default(DAY), 'How long a run may take.'),
  cancelGraceMs: setting('duration', ms.default(10 * SECOND), 'From asking a robot to stop to killing it.'),
  silentWarningMs: setting(
    'duration',
    ms.default(30 * MINUTE),
    'A run without output for this long is warned of.',
  ),
  postInstallTimeoutMs: setting(
    'duration',
    ms.default(20 * MINUTE),
    'How long one post-install step may take.',
  ),
  downloadTimeoutMs: setting('duration', ms.default(15 * MINUTE), 'How long one download may take.'),
  downloadIdleTimeoutMs: setting('duration', ms.default(MINUTE), 'How long a download may bring no byte.'),
  pollMinMs: setting(
    'duration',
    ms.min(100).default(2 * SECOND),
    'Inbox poll interval while there was work lately.',
  ),
  pollMaxMs: setting('duration', ms.min(100).default(15 * SECOND), 'Inbox poll interval of an idle host.'),
  taskCheckMs: setting(
    'duration',
    // With the jitter of a fifth, what somebody else does to a task is seen within 15 s.
    ms.min(100).default(12 * SECOND),
    'How often, give or take a fifth, a running task is looked up on the platform, to see a cancellation.',
  ),
  caFile: setting('text', text.default(null), 'PEM file with further certificate authorities to trust.'),
  proxy: setting('text', text.default(null), 'URL of the HTTP proxy for the platform and for robots.'),
  noProxy: setting('text', text.default(null), 'Hosts that are reached without the proxy, by commas.'),
  packageIndexes: setting(
    'json',
    z.strictObject({ pip: text.optional(), npm: text.optional() }).nullable().default(null),
    'Index URLs that robots install from: {"pip": URL, "npm": URL}; null: what pip and npm of this host are set to.',
  ),
  failurePolicy: setting(
    'choice',
    failurePolicy.default('keep'),
    'What becomes of the task of a failed run: kept, handed over, or tried again (its work may be done twice).',
  ),
  handOverTo: setting('text', text.default(null), 'Email or principal id that gets the tasks of hand-over.'),
  retryAttempts: setting(
    'integer',
    z.number().int().min(1).max(100).default(3),
    'Attempts under the policy retry.',
  ),
  retryBackoffMs: setting(
    'duration',
    ms.default(MINUTE),
    'Wait before the second attempt; doubled each time.',
  ),
  takeOver: setting(
    'boolean',
    z.boolean().default(false),
    'Take over tasks of hosts that share our credential and told nothing for 30 min; runs here that cannot tell the platform anything for 15 min are ended. Set it on all of them.',
  ),
  takeAssigned: setting(
    'boolean',
    z.boolean().default(false),
    'Run tasks that are claimed with our credential though no host ever took them.',
  ),
  runtimeMismatch: setting(
    'choice',
    runtimeMismatch.default('warn'),
    'When the runtime is not the version asked for.',
  ),
  pipVersion: setting(
    'text',
    text.default(null),
    'Version asked for with PYTHON_PIP; null: the Python version.',
  ),
  localRuntimes: setting(
    'json',
    z
      .strictObject({ python: z.record(z.string(), z.string()), nodejs: z.record(z.string(), z.string()) })
      .partial()
      .default({}),
    'Runtimes of this host for architectures KuFlow has none for: {"python": {"3.11.4": "/opt/python311"}}.',
  ),
  logDocumentPointer: setting(
    'text',
    text.default(null),
    'JSON Pointer into the task data where the whole log is linked for good.',
  ),
  operationPointer: setting(
    'text',
    z.string().default('/operation'),
    'JSON Pointer into the task data that names the operation.',
  ),
  uploadOutputs: setting(
    'boolean',
    z.boolean().default(false),
    'Upload what a run leaves in its output folder.',
  ),
  homeMode: setting(
    'choice',
    homeMode.default('run'),
    'Whether a robot gets a home of its own or the person’s.',
  ),
  secretVariables: setting(
    'list',
    secretVariables.default([]),
    'Robot variables whose values no log may show, beside those whose names look secret.',
  ),
  logMaxEntries: setting(
    'integer',
    z.number().int().min(10).max(5000).default(200),
    'Log entries a run may send.',
  ),
  logEntryBytes: setting('size', bytes.min(256).default(2048), 'Size of one log entry.'),
  logIntervalMs: setting(
    'duration',
    ms.default(SECOND),
    'Least time between log entries after the first ten seconds.',
  ),
  logHeartbeatMs: setting(
    'duration',
    ms.min(1000).default(10 * MINUTE),
    'A live run says so at least this often.',
  ),
  logDocumentMaxBytes: setting(
    'size',
    bytes.default(50 * MB),
    'Size limit of the uploaded log document, compressed.',
  ),
  runLogMaxBytes: setting(
    'size',
    bytes.default(1 * GB),
    'What a run log may hold on disk; the rest is counted.',
  ),
  packageSignatures: setting(
    'choice',
    packageSignatures.default('off'),
    'Whether packages must be signed by their publisher: not looked at, warned of, or refused.',
  ),
  publisherKeys: setting(
    'json',
    publisherKeys.default({}),
    'Publishers that are trusted, with their keys: {"Acme": "MCowBQYDK2VwAyEA…"}; none: each robot’s first key is, from then on.',
  ),
  packageMaxBytes: setting('size', bytes.default(512 * MB), 'Largest robot package, compressed.'),
  packageMaxEntries: setting(
    'integer',
    z.number().int().min(1).default(20_000),
    'Most entries in a robot package.',
  ),
  packageMaxTotalBytes: setting('size', bytes.default(2 * GB), 'Largest robot package, unpacked.'),
  runtimeMaxEntries: setting(
    'integer',
    z.number().int().min(1).default(40_000),
    'Most entries in a runtime archive.',
  ),
  runtimeMaxTotalBytes: setting('size', bytes.default(1.5 * GB), 'Largest runtime, unpacked.'),
  diskReserveBytes: setting(
    'size',
    bytes.default(1 * GB),
    'No new run starts with less free disk than this.',
  ),
  runRetentionMs: setting(
    'duration',
    ms.default(14 * DAY),
    'How long folders and logs of ended runs are kept.',
  ),
  runRetentionBytes: setting(
    'size',
    bytes.default(10 * GB),
    'What folders of ended runs may hold; the oldest go first.',
  ),
  storeRetentionMs: setting(
    'duration',
    ms.default(30 * DAY),
    'How long packages, runtimes and environments are kept that nothing uses.',
  ),
  storeMaxBytes: setting(
    'size',
    bytes.default(20 * GB),
    'What packages, runtimes and environments may hold; those unused for longest go first, never one in use.',
  ),
  logLevel: setting(
    'choice',
    z.enum(['error', 'warn', 'info', 'debug']).default('info'),
    'Detail of the agent log.',
  ),
  notifyStarts: setting(
    'boolean',
    z.boolean().default(true),
    'The desktop app notifies before a robot takes the screen.',
  ),
  notifyFailures: setting(
    'boolean',
    z.boolean().default(true),
    'The desktop app notifies when a task of a failed run waits for a person.',
  ),
  notifyAttention: setting(
    'boolean',
    z.boolean().default(true),
    'The desktop app notifies when the agent needs somebody: refused credentials, an agent that ended.',
  ),
  engineAddress: setting(
    'text',
    text.default(null),
    'Address of the engine; null: no engine. No effect yet.',
  ),
  engineNamespace: setting('text', text.default(null), 'Namespace on the engine. No effect yet.'),
  engineTaskQueue: setting('text', text.default(null), 'Task queue on the engine. No effect yet.'),
});

export type Settings = Readonly<z.infer<typeof SettingsSchema>>;
export type SettingKey = keyof Settings;
export type Route = z.infer<typeof RouteSchema>;

/** Kind and description of a setting. Throws if the table above forgot them. */
export function settingMeta(key: SettingKey): SettingMeta {
  const meta = SettingsSchema.shape[key].meta() as Partial<SettingMeta> | undefined;
  if (!meta?.kind || !meta.description) throw new Error(`Setting ${key} has no kind or description`);
  return { kind: meta.kind, description: meta.description };
}

/** `maxConcurrentRuns` → `--max-concurrent-runs`. */
export function settingFlag(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `maxConcurrentRuns` → `KUBOT_MAX_CONCURRENT_RUNS`; `robots.INVOICES` → `KUBOT_ROBOTS_INVOICES`. */
export function settingVariable(key: string): string {
  return `KUBOT_${key
    .replace(/[A-Z]/g, (letter, at) => (at > 0 && /[a-z]/.test(key[at - 1] ?? '') ? `_${letter}` : letter))
    .replaceAll('.', '_')
    .toUpperCase()}`;
}
