import { z } from 'zod';

// Courtesy: what a robot that drives the screen owes to the person who sits before it.

const time = z.string(); // ISO 8601, UTC

/** What such a run waits for before its task is taken. `return`: a person who was here just now. */
export const COURTESY_WAITS = ['countdown', 'postponement', 'presentation', 'unlock', 'return'] as const;

/** What the shell tells of the person's screen. */
export const ScreenSchema = z.strictObject({ locked: z.boolean(), presenting: z.boolean() });

export const CourtesySchema = z.object({
  /** Some robot of this host drives the screen, by the settings. */
  desktopRobots: z.boolean(),
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
export type CourtesyNext = NonNullable<Courtesy['next']>;

const MINUTE_MS = 60_000;

/** What a person is offered, by window, tray and notification. */
export const POSTPONE_SHORT_MS = 10 * MINUTE_MS;
const POSTPONE_LONG_MS = 60 * MINUTE_MS;
/** Less is not worth a click: a run that can be put off for less than this is not put off. */
export const POSTPONE_LEAST_MS = MINUTE_MS;

/** For how long a person can put a run off; what is left of the limit where that is less than what is offered. */
export function postponeChoices(
  { postponableUntil }: Pick<CourtesyNext, 'postponableUntil'>,
  nowMs: number,
): number[] {
  if (postponableUntil === null) return [];
  const leftMs = Date.parse(postponableUntil) - nowMs;
  const whole = [POSTPONE_SHORT_MS, POSTPONE_LONG_MS].filter((choice) => choice <= leftMs);
  if (whole.length > 0) return whole;
  const minutes = Math.floor(leftMs / MINUTE_MS);
  return minutes > 0 ? [minutes * MINUTE_MS] : [];
}
