import { z } from 'zod';

// The JSON that scripts depend on (docs/cli.md): fields may be added, never renamed or removed.

/**
 * A task that is CLAIMED by our principal and that no live host answers for. `silent`: its host has told nothing for
 * 30 minutes; `own`: this host took it and has no run of it any more; `unmarked`: no host's entry is in its log.
 */
export const OrphanSchema = z.object({
  taskId: z.string(),
  processId: z.string(),
  definitionCode: z.string(),
  /** Code of the robot of this host that its definition is routed to. */
  robot: z.string().nullable(),
  kind: z.enum(['silent', 'own', 'unmarked']),
  /** Who took it last. */
  host: z.string().nullable(),
  /** ISO 8601, UTC, by the platform's clock. */
  lastEntryAt: z.string().nullable(),
  message: z.string(),
  /** What a person may do; to leave it as it is is always possible, and nothing happens by itself. */
  actions: z.array(z.object({ action: z.enum(['start', 'complete', 'hand-over']), command: z.string() })),
});

export type Orphan = z.infer<typeof OrphanSchema>;
