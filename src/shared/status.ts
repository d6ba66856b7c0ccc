import { z } from 'zod';
import { CourtesySchema } from './courtesy.ts';
import { SandboxStatusSchema } from './run.ts';
import { SignatureViewSchema } from './signature.ts';

const time = z.string(); // ISO 8601, UTC

export const AGENT_STATES = ['starting', 'idle', 'running', 'paused', 'draining'] as const;
export const CONNECTION_STATES = ['connected', 'offline', 'unauthorized'] as const;
export const ROBOT_STATES = [
  'ready',
  'preparing',
  'unprepared',
  'failed',
  'excluded',
  'unsupported',
] as const;

export const StatusSchema = z.object({
  agent: z.object({
    pid: z.number().int(),
    version: z.string(),
    home: z.string(),
    installationId: z.string(),
    startedAt: time,
    state: z.enum(AGENT_STATES),
  }),
  connection: z.object({
    endpoint: z.string(),
    state: z.enum(CONNECTION_STATES),
    since: time,
    nextTryAt: time.nullable(),
    lastError: z.object({ code: z.string(), message: z.string() }).nullable(),
    /** How far this machine's clock is ahead of the platform's; null: not known, or by less than a minute. */
    clockSkewMs: z.number().int().nullable(),
  }),
  worker: z.object({ identity: z.string(), registeredAt: time, nextRefreshAt: time.nullable() }).nullable(),
  /** Why the platform refuses this machine as a worker; null: it does not. */
  workerError: z.object({ code: z.string(), message: z.string(), since: time }).nullable().default(null),
  sources: z.array(z.object({ name: z.string(), state: z.string(), lastPollAt: time.nullable() })),
  sandbox: SandboxStatusSchema,
  pause: z.object({ reason: z.string().nullable(), until: time.nullable() }).nullable(),
  /** Of the person at this host; null: nobody tells of one, and nothing waits for one. */
  courtesy: CourtesySchema.nullable().default(null),
  runs: z.object({ active: z.number().int(), queued: z.number().int(), unsettled: z.number().int() }),
  /** What a person should know of and this host cannot mend, in sentences. */
  warnings: z.array(z.string()),
});

export const RobotViewSchema = z.object({
  id: z.string(),
  code: z.string(),
  name: z.string(),
  revision: z.string().nullable(),
  state: z.enum(ROBOT_STATES),
  reason: z.string().nullable(),
  operations: z.array(z.string()),
  runtimes: z.record(z.string(), z.string()),
  /** Of its package; null: not prepared yet, or signatures are not looked at. */
  signature: SignatureViewSchema.nullable().default(null),
});

export type Status = z.infer<typeof StatusSchema>;
export type AgentState = (typeof AGENT_STATES)[number];
export type RobotView = z.infer<typeof RobotViewSchema>;
export type RobotState = (typeof ROBOT_STATES)[number];
