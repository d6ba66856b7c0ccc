import { z } from 'zod';

// Courtesy: what a robot that drives the screen owes to the person who sits before it.

const time = z.string(); // ISO 8601, UTC

/** What such a run waits for before its task is taken. `return`: a person who was here just now. */
export const COURTESY_WAITS = ['countdown', 'postponement', 'presentation', 'unlock', 'return'] as const;

/** What the shell tells of the person's screen. */
export const ScreenSchema = z.strictObject({ locked: z.boolean(), presenting: z.boolean() });

export const CourtesySchema = z.object({
  /** Every screen that was told of is locked. */
  locked: z.boolean(),
  presenting: z.boolean(),
  /** Until when a person wants no desktop robot; null: nobody said so. */
  postponedUntil: time.nullable(),
  /** The desktop run that is next; null: none waits for the person. */
  next: z
    .object({
      runId: z.string(),
      taskId: z.string().nullable(),
      robot: z.string(),
      operation: z.string().nullable(),
      waitsFor: z.enum(COURTESY_WAITS),
      /** When it goes on by itself; null: when what it waits for is over. */
      until: time.nullable(),
      /** How long it can be put off at most; null: no longer. */
      postponableUntil: time.nullable(),
    })
    .nullable(),
});

export type CourtesyWait = (typeof COURTESY_WAITS)[number];
export type Screen = z.infer<typeof ScreenSchema>;
export type Courtesy = z.infer<typeof CourtesySchema>;

const MINUTE_MS = 60_000;

/** Less is not worth a click: a run that can be put off for less than this is not put off. */
export const POSTPONE_LEAST_MS = MINUTE_MS;
