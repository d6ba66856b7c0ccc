import { z } from 'zod';

/** What is journalled before a step of a take that cannot be taken back: the next start finds out what became of it. */
export const TakeIntentSchema = z.object({
  nonce: z.string(),
  /**
   * `append`: nothing was claimed yet; `claim`: after our entry, on a READY task; `claim-first` and `elect`: the
   * claim and the entry after it, where the platform just refused it the other way round; `claim-untried`: the same
   * claim, where it was not tried; `reclaim`: a task that was CLAIMED.
   */
  step: z.enum(['append', 'claim', 'claim-first', 'claim-untried', 'elect', 'reclaim']),
  /** Of our entry, for `claim`; else of the last entry before ours, null if there was none. */
  entryId: z.string().nullable(),
});
export type TakeIntent = z.infer<typeof TakeIntentSchema>;
