import { z } from 'zod';

const PositionSchema = z.object({
  /** Number of the newest mark. */
  number: z.number().int(),
  entriesSent: z.number().int(),
  linesLeftOut: z.number().int(),
  /** All lines up to this one are told. */
  seq: z.number().int(),
  /** The last entry, the one with `[end …]`, is there. */
  ended: z.boolean().default(false),
  documentUri: z.string().nullable().default(null),
  /** The entry under way when this was written. */
  sending: z
    .object({
      seq: z.number().int(),
      leftOut: z.number().int(),
      /** By the server's clock. */
      atMs: z.number(),
      /** Id of the entry that was the log's newest before it. */
      after: z.string().nullable().default(null),
      last: z.boolean().default(false),
    })
    .nullable(),
});

/** How far a run's log is told: what the journal keeps for the agent that comes after a crash. */
export type ShippingPosition = z.infer<typeof PositionSchema>;

/** Before the first entry. */
export const FIRST_POSITION: ShippingPosition = {
  number: 0,
  entriesSent: 0,
  linesLeftOut: 0,
  seq: 0,
  ended: false,
  documentUri: null,
  sending: null,
};

/** Undefined when nothing was kept, or nothing that is one. */
export function parsePosition(stored: unknown): ShippingPosition | undefined {
  return PositionSchema.safeParse(stored).data;
}
