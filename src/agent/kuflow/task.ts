import { z } from 'zod';

const TASK_STATES = ['READY', 'CLAIMED', 'COMPLETED', 'CANCELLED'] as const;
const TASK_LOG_LEVELS = ['INFO', 'WARN', 'ERROR'] as const;

export type TaskState = (typeof TASK_STATES)[number];
export type TaskLogLevel = (typeof TASK_LOG_LEVELS)[number];

interface TaskLogEntry {
  id: string;
  /** ISO 8601, by the platform's clock. */
  timestamp: string;
  message: string;
  level: TaskLogLevel;
}

/** A task as a page of the inbox has it. */
export interface TaskSummary {
  id: string;
  processId: string;
  state: TaskState;
  ownerId: string | null;
  /** Empty where the platform tells none. */
  definitionCode: string;
  tenantId: string | null;
}

/** A task as the platform answers for it alone. */
export interface Task extends TaskSummary {
  /** Principal that changed the task last. */
  lastModifiedBy: string | null;
  /** The task's data itself, without what the platform says about its validity; null: none yet. */
  data: unknown;
  /** Oldest first; the platform keeps a bounded number. */
  logs: TaskLogEntry[];
  /** False when the answer told of no log at all, not even of an empty one. */
  showsLog: boolean;
  /** The platform's clock when it answered; null where it told none. */
  serverTimeMs: number | null;
}

const text = z.string().nullish();
const definition = z.object({ code: z.string() }).nullish();

const ItemSchema = z.object({
  id: z.string(),
  processId: z.string(),
  ownerId: text,
  tenantId: text,
  lastModifiedBy: text,
  // R26; R24 has taskDefinition inside task.
  processItemDefinitionRef: definition,
});

const TaskPartSchema = z.object({ state: z.enum(TASK_STATES), taskDefinition: definition });

const LogEntrySchema = z.object({
  id: z.string(),
  timestamp: z.string(),
  message: z.string(),
  level: z.enum(TASK_LOG_LEVELS).catch('INFO'),
});

const ItemInPageSchema = ItemSchema.extend({ task: TaskPartSchema }).transform(summaryOf);

/** One page of process items. What is no task, or has a state we don't know, is left out. */
export const TaskPageSchema = z
  .object({
    metadata: z.object({ totalPages: z.number().int() }),
    content: z.array(z.unknown()),
  })
  .transform(({ metadata, content }) => ({
    totalPages: metadata.totalPages,
    items: content.length,
    tasks: content.flatMap((item) => ItemInPageSchema.safeParse(item).data ?? []),
  }));

/** A process item that is a task; the clock is not in the body. */
export const TaskSchema = ItemSchema.extend({
  task: TaskPartSchema.extend({
    data: z.object({ value: z.unknown() }).nullish(),
    logs: z.array(LogEntrySchema).nullish(),
  }),
}).transform(
  (item): Omit<Task, 'serverTimeMs'> => ({
    ...summaryOf(item),
    lastModifiedBy: item.lastModifiedBy ?? null,
    data: item.task.data?.value ?? null,
    logs: item.task.logs ?? [],
    showsLog: Array.isArray(item.task.logs),
  }),
);

function summaryOf(
  item: z.output<typeof ItemSchema> & { task: z.output<typeof TaskPartSchema> },
): TaskSummary {
  return {
    id: item.id,
    processId: item.processId,
    state: item.task.state,
    ownerId: item.ownerId ?? null,
    definitionCode: item.processItemDefinitionRef?.code ?? item.task.taskDefinition?.code ?? '',
    tenantId: item.tenantId ?? null,
  };
}
