import { z } from 'zod';

/** A task that this host knows of and does not run now, with the reason. */
export const WaitingTaskSchema = z.object({
  taskId: z.string(),
  /** Code of the robot that would run it; what it is routed to, where this host has no such robot. */
  robot: z.string(),
  /** `again`: a try that failed is repeated; `later`: this host could not; `inbox`: it lies READY on the platform. */
  kind: z.enum(['again', 'later', 'inbox']),
  code: z.string(),
  /** null: nothing was said of it. */
  message: z.string().nullable(),
  /** When it is tried next, ISO 8601; null: as soon as what it waits for is over. */
  dueAt: z.string().nullable(),
});
export type WaitingTask = z.infer<typeof WaitingTaskSchema>;
