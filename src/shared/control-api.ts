import { z } from 'zod';
import { type Grade, WhoAmISchema } from './control-access.ts';
import { ScreenSchema } from './courtesy.ts';
import { DiskUseSchema, DoctorReportSchema } from './doctor.ts';
import { isErrorCode } from './errors.ts';
import { OrphanSchema } from './orphan.ts';
import { LogLineSchema, RUN_STATES, RunDetailsSchema, RunSchema, WhySchema } from './run.ts';
import { RobotViewSchema, StatusSchema } from './status.ts';
import { WaitingTaskSchema } from './waiting-task.ts';

// The one contract between the agent and everything that shows or drives it: window, command line, browser page
// and tests. The server's handlers and the client are typed and checked by this declaration alone.

/** Where a setting's value comes from. */
const SETTING_SOURCES = ['policy', 'flag', 'environment', 'file', 'default'] as const;

const SettingViewSchema = z.object({
  key: z.string(),
  value: z.unknown(),
  source: z.enum(SETTING_SOURCES),
  /** True where who asks may not see it; the value is null then. */
  hidden: z.boolean().optional(),
});

const ExplainedSettingSchema = SettingViewSchema.extend({
  /** True where a policy set it: neither flag nor file can change it. */
  locked: z.boolean(),
});

/** What preparing a robot is at: a download, an install, a post-install step. */
const ProgressSchema = z.object({
  robotCode: z.string(),
  step: z.string(),
  bytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
});

/** A client that listens gets a snapshot first, then what changes. */
const ControlEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('snapshot'), status: StatusSchema, runs: z.array(RunSchema) }),
  z.object({ type: z.literal('run'), run: RunSchema }),
  z.object({ type: z.literal('status'), status: StatusSchema }),
  z.object({ type: z.literal('progress'), progress: ProgressSchema }),
]);

/** How a failure crosses a process border. */
export const ErrorDocumentSchema = z.object({
  code: z.string().refine(isErrorCode),
  message: z.string(),
  hint: z.string().nullable(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()).nullable(),
});

const PrunedItemSchema = z.object({
  kind: z.enum(['run', 'environment', 'package', 'runtime']),
  /** Of a run, its id; else the name of its folder. */
  id: z.string(),
  bytes: z.number(),
  reason: z.string(),
});

const PrunedSchema = z.object({ items: z.array(PrunedItemSchema), bytes: z.number() });

const DayTotalsSchema = z.object({
  /** As the host's calendar has it: 2026-01-31. */
  day: z.string(),
  succeeded: z.number().int(),
  /** Ended in any other way, but for those that somebody cancelled. */
  failed: z.number().int(),
  cancelled: z.number().int(),
  /** What the robots of that day took on the average; null: none of its runs came so far. */
  meanDurationMs: z.number().nullable(),
});

const NONE = z.strictObject({});
const byId = z.strictObject({ id: z.string().min(1) });
const settingKey = z.string().min(1);

export const RUN_STANDINGS = ['live', 'succeeded', 'failed'] as const;

/** What every listing of runs may ask for; null: not limited by it. */
export const RunsQuerySchema = z.strictObject({
  limit: z.number().int().min(1).max(1000),
  /** Only runs older than this one. */
  before: z.string().nullable(),
  state: z.enum(RUN_STATES).nullable(),
  /** Code or id. */
  robot: z.string().nullable(),
  /** How they stand: not ended yet, succeeded, or ended in a way that nobody asked for. */
  standing: z.enum(RUN_STANDINGS).nullable().optional(),
  /** Part of the robot's code, the operation, the run's id or the task's, in letters of either case. */
  text: z.string().max(200).nullable().optional(),
});

export const CONTROL_API = {
  /** What the one who asks may do here. */
  whoAmI: call(NONE, WhoAmISchema),
  status: call(NONE, StatusSchema),
  robots: call(NONE, z.array(RobotViewSchema)),
  /** Makes a robot ready to run; answers when it is. */
  prepare: call(z.strictObject({ code: z.string().min(1) }), RobotViewSchema),
  /** Tasks without a run that wait here: those that are due soonest first, then as the inbox has them. */
  waiting: call(NONE, z.array(WaitingTaskSchema)),
  runs: call(RunsQuerySchema, z.array(RunSchema)),
  /** Tasks that are claimed with our credentials and that no live host answers for. */
  orphans: call(NONE, z.array(OrphanSchema)),
  run: call(byId, RunDetailsSchema),
  /** How the runs of the last days ended, oldest day first; days without runs are left out. */
  totals: call(z.strictObject({ days: z.number().int().min(1).max(90) }), z.array(DayTotalsSchema)),
  logs: stream(
    z.strictObject({
      id: z.string().min(1),
      follow: z.boolean(),
      /** Only so many of the lines that are there; what follows comes after them. */
      last: z.number().int().min(1).optional(),
    }),
    LogLineSchema,
  ),
  /** A file that a run left, as `files` of the run names it, piece by piece. */
  file: stream(
    z.strictObject({ id: z.string().min(1), area: z.enum(['out', 'home']), path: z.string().min(1) }),
    z.object({ base64: z.string() }),
  ),
  why: call(byId, WhySchema),
  start: call(
    z.strictObject({
      /** Made by the client: the same one again answers with the same run. */
      requestId: z.uuid(),
      robot: z.string().min(1),
      /** null: the package's only one. */
      operation: z.string().min(1).nullable(),
      variables: z.record(z.string(), z.string()),
      taskId: z.string().min(1).nullable(),
    }),
    RunSchema,
  ),
  cancel: call(byId, RunSchema),
  settle: call(
    z.strictObject({
      taskId: z.string().min(1),
      action: z.enum(['complete', 'hand-over']),
      /** Who gets the task; null unless it is handed over. */
      email: z.string().min(1).nullable(),
    }),
    RunSchema,
  ),
  pause: call(
    z.strictObject({ forMs: z.number().int().min(1).nullable(), reason: z.string().nullable() }),
    StatusSchema,
  ),
  resume: call(NONE, StatusSchema),
  /**
   * A person is at this host, for as long as the stream is held open: it answers once they are counted. A screen
   * that changes is told by another stream, opened before this one is left.
   */
  presence: stream(ScreenSchema, z.object({ since: z.string() })),
  /** Puts off the desktop run that is next, and with it every other one, for so long at most. */
  postpone: call(z.strictObject({ id: z.string().min(1), forMs: z.number().int().min(1) }), StatusSchema),
  /** Lets the desktop run that is next begin now. */
  startNow: call(byId, StatusSchema),
  drain: call(NONE, StatusSchema),
  /** The machine is about to sleep: nothing new is taken until `reconnect`, `resume`, or its waking is noticed. */
  suspend: call(NONE, StatusSchema),
  /** The machine woke, or the network is back: asks the platform now what else would wait for its next try. */
  reconnect: call(NONE, StatusSchema),
  /** What the agent finds of its own machine; takes a second or so. */
  doctor: call(NONE, DoctorReportSchema),
  /** What the home holds; takes seconds where that is much. */
  diskUse: call(NONE, DiskUseSchema),
  /** Frees what the home keeps beyond its limits; with `dryRun` only tells. */
  prune: call(z.strictObject({ dryRun: z.boolean() }), PrunedSchema),
  configGet: call(z.strictObject({ key: settingKey }), SettingViewSchema),
  configSet: call(z.strictObject({ key: settingKey, value: z.unknown() }), SettingViewSchema),
  configExplain: call(NONE, z.array(ExplainedSettingSchema)),
  events: stream(NONE, ControlEventSchema),
} as const;

type ControlApi = typeof CONTROL_API;
export type ControlMethod = keyof ControlApi;

/** What a granted user needs for a method. What full access may set: control-access.ts. */
export const CONTROL_GRADES: Readonly<Record<ControlMethod, Grade>> = {
  whoAmI: 'read',
  status: 'read',
  robots: 'read',
  prepare: 'full',
  waiting: 'read',
  runs: 'read',
  orphans: 'read',
  run: 'read',
  totals: 'read',
  logs: 'read',
  file: 'read',
  why: 'read',
  start: 'full',
  cancel: 'full',
  settle: 'full',
  pause: 'full',
  resume: 'full',
  presence: 'full',
  postpone: 'full',
  startNow: 'full',
  drain: 'full',
  suspend: 'full',
  reconnect: 'full',
  doctor: 'read',
  diskUse: 'read',
  prune: 'full',
  configGet: 'read',
  configSet: 'full',
  configExplain: 'read',
  events: 'read',
};

interface Call<I extends z.ZodType, O extends z.ZodType> {
  readonly kind: 'call';
  readonly input: I;
  readonly output: O;
}

/** Answers with one value after another, until it ends or the client leaves. */
interface Stream<I extends z.ZodType, O extends z.ZodType> {
  readonly kind: 'stream';
  readonly input: I;
  readonly output: O;
}

/** Methods without input take nothing. */
type InputOf<I extends z.ZodType> = z.output<I> extends Record<string, never> ? [] : [input: z.output<I>];

type HandlerOf<D> =
  D extends Call<infer I, infer O>
    ? (...input: InputOf<I>) => Promise<z.output<O>>
    : D extends Stream<infer I, infer O>
      ? (...input: [...InputOf<I>, signal?: AbortSignal]) => AsyncIterable<z.output<O>>
      : never;

/**
 * What the agent implements, and what a client offers: the same methods. They fail with an AgentError. A
 * stream's signal aborts when nobody listens any more.
 */
export type ControlHandlers = { readonly [M in ControlMethod]: HandlerOf<ControlApi[M]> };

export type DayTotals = z.infer<typeof DayTotalsSchema>;
export type ControlEvent = z.infer<typeof ControlEventSchema>;
export type Pruned = z.infer<typeof PrunedSchema>;
export type PrunedItem = z.infer<typeof PrunedItemSchema>;
export type Progress = z.infer<typeof ProgressSchema>;
export type RunsQuery = z.infer<typeof RunsQuerySchema>;
export type SettingView = z.infer<typeof SettingViewSchema>;
export type ExplainedSetting = z.infer<typeof ExplainedSettingSchema>;

/** True for methods that take no input: their handlers get none. */
export function takesNoInput(method: ControlMethod): boolean {
  return CONTROL_API[method].input === NONE;
}

function call<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Call<I, O> {
  return { kind: 'call', input, output };
}

function stream<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Stream<I, O> {
  return { kind: 'stream', input, output };
}
