import { z } from 'zod';
import { SignatureViewSchema } from './signature.ts';

// The JSON that scripts depend on (docs/cli.md): fields may be added, never renamed or removed.

export const RUN_STATES = ['queued', 'preparing', 'running', 'settling', 'ended'] as const;
export const RUN_OUTCOMES = [
  'succeeded',
  'failed',
  'timed-out',
  'cancelled',
  'refused',
  'prepare-failed',
  'lost',
] as const;
export const RUN_SOURCES = ['inbox', 'engine', 'manual'] as const;
export const SETTLE_ACTIONS = ['completed', 'kept', 'handed-over', 'retry', 'none'] as const;
export const DECISIONS = ['taken', 'skipped', 'refused', 'postponed'] as const;
export const SUBJECT_KINDS = ['task', 'robot', 'run'] as const;
export const API_VERDICTS = ['forwarded', 'refused'] as const;
export const HOST_VERDICTS = ['allowed', 'refused'] as const;
/** Most files that are listed of one of a run's folders. */
export const MOST_FILES = 200;
export const LOG_STREAMS = ['stdout', 'stderr', 'agent'] as const;
export const LOG_LEVELS = ['INFO', 'WARN', 'ERROR'] as const;

const time = z.string(); // ISO 8601, UTC

export const RunErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
});

export const SandboxStatusSchema = z.object({
  requested: z.enum(['off', 'standard', 'strict']),
  achieved: z.enum(['off', 'standard', 'strict']),
  /** What a robot is not kept from though its level, or one that was asked for, would. */
  missing: z.array(z.string()),
  /** Why it is not the level that was asked for, and what to do. */
  reason: z.string().nullable().default(null),
});

export const RunSchema = z.object({
  id: z.string(),
  robot: z.object({ id: z.string(), code: z.string(), revision: z.string().nullable() }),
  operation: z.string().nullable(),
  source: z.enum(RUN_SOURCES),
  processId: z.string().nullable(),
  taskId: z.string().nullable(),
  attempt: z.number().int(),
  state: z.enum(RUN_STATES),
  outcome: z.enum(RUN_OUTCOMES).nullable(),
  error: RunErrorSchema.nullable(),
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  runtimes: z.record(z.string(), z.string()),
  sandbox: SandboxStatusSchema,
  requestedAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  durationMs: z.number().nullable(),
  outDir: z.string().nullable(),
  log: z.object({
    lines: z.number().int(),
    bytes: z.number().int(),
    entriesSent: z.number().int(),
    linesLeftOut: z.number().int(),
    documentUri: z.string().nullable(),
  }),
  settled: z.object({ at: time, action: z.enum(SETTLE_ACTIONS) }).nullable(),
});

export const RunDetailsSchema = RunSchema.extend({
  timeline: z.array(z.object({ at: time, state: z.enum(RUN_STATES) })),
  apiCalls: z.array(
    z.object({
      at: time,
      operationId: z.string().nullable(),
      method: z.string(),
      path: z.string(),
      status: z.number().int().nullable(),
      verdict: z.enum(API_VERDICTS),
      reason: z.string().nullable(),
      /** How many calls this stands for: those that were too many in a second are recorded together. */
      times: z.number().int(),
      bytesUp: z.number().int().nullable(),
      bytesDown: z.number().int().nullable(),
    }),
  ),
  files: z.array(z.object({ area: z.enum(['out', 'home']), path: z.string(), bytes: z.number() })),
  /** Of the package it ran; null: signatures are not looked at here. */
  signature: SignatureViewSchema.nullable(),
  /** What the robot touched; null: not known. */
  touched: z.object({
    /** Of all calls, also of those that `apiCalls` does not hold any more. */
    api: z.object({
      calls: z.number().int(),
      refused: z.number().int(),
      bytesUp: z.number().int().nullable(),
      bytesDown: z.number().int().nullable(),
      operations: z.array(
        z.object({
          operationId: z.string().nullable(),
          verdict: z.enum(API_VERDICTS),
          times: z.number().int(),
          bytesUp: z.number().int().nullable(),
          bytesDown: z.number().int().nullable(),
        }),
      ),
    }),
    /** How many files it left, 200 standing for more; null: its folders were removed. */
    filesLeft: z.object({ out: z.number().int(), home: z.number().int() }).nullable(),
    hosts: z
      .array(z.object({ host: z.string(), port: z.number().int(), verdict: z.enum(HOST_VERDICTS) }))
      .nullable(),
    /** Programs that were seen, and how many processes of each; what ended between two looks is missing. */
    programs: z.array(z.object({ name: z.string(), count: z.number().int() })).nullable(),
    /** At least: it may have used more between two looks. */
    peakMemoryBytes: z.number().nullable(),
    cpuTimeMs: z.number().nullable(),
  }),
});

export const LogLineSchema = z.object({
  seq: z.number().int(),
  time,
  stream: z.enum(LOG_STREAMS),
  level: z.enum(LOG_LEVELS),
  text: z.string(),
});

export const DecisionSchema = z.object({
  at: time,
  decision: z.enum(DECISIONS),
  code: z.string(),
  message: z.string(),
  runId: z.string().nullable(),
});

export const WhySchema = z.object({
  subject: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }),
  decisions: z.array(DecisionSchema),
});

export type Run = z.infer<typeof RunSchema>;
export type RunDetails = z.infer<typeof RunDetailsSchema>;
export type RunError = z.infer<typeof RunErrorSchema>;
export type RunState = (typeof RUN_STATES)[number];
export type RunSource = (typeof RUN_SOURCES)[number];
export type SettleAction = (typeof SETTLE_ACTIONS)[number];
export type SandboxStatus = z.infer<typeof SandboxStatusSchema>;
export type LogLine = z.infer<typeof LogLineSchema>;
export type LogStream = (typeof LOG_STREAMS)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];
export type Decision = z.infer<typeof DecisionSchema>;
export type DecisionKind = (typeof DECISIONS)[number];
export type SubjectKind = (typeof SUBJECT_KINDS)[number];
export type Why = z.infer<typeof WhySchema>;
