import { z } from 'zod';

const PositionSchema = z.object({
  /** Number of the newest mark. */
  number: z.number().int(),
  entriesSent: z.number().int(),
  linesLeftOut: z.number().int(),
  /** All lines up to this one are told. */
  seq: z.number().int(),
  /** The entry under way when this was written. */
  sending: z.object({ seq: z.number().int(), leftOut: z.number().int(), atMs: z.number() }).nullable(),
});

/** How far a run's log is told: what the journal keeps for the agent that comes after a crash. */
export type ShippingPosition = z.infer<typeof PositionSchema>;

/** Undefined when nothing was kept, or nothing that is one. */
export function parsePosition(stored: unknown): ShippingPosition | undefined {
  return PositionSchema.safeParse(stored).data;
}
