import { z } from 'zod';

/** One thing that was looked at. */
const DoctorCheckSchema = z.object({
  id: z.string(),
  ok: z.boolean(),
  message: z.string(),
  /** What a person can do; null where nothing is to be done. */
  fix: z.string().nullable(),
});
export type DoctorCheck = z.infer<typeof DoctorCheckSchema>;

/** What an agent finds of the machine that it runs on. */
export const DoctorReportSchema = z.object({
  /** When it looked, ISO 8601. */
  at: z.string(),
  checks: z.array(DoctorCheckSchema),
  host: z.object({ system: z.string(), arch: z.string(), node: z.string() }),
});
export type DoctorReport = z.infer<typeof DoctorReportSchema>;

export const DISK_AREAS = ['runs', 'packages', 'runtimes', 'environments', 'cache', 'logs'] as const;

/** What the home holds, and what the disk has left. */
export const DiskUseSchema = z.object({
  freeBytes: z.number(),
  totalBytes: z.number(),
  /** No run starts with less free. */
  reserveBytes: z.number(),
  areas: z.array(z.object({ area: z.enum(DISK_AREAS), bytes: z.number() })),
});
export type DiskUse = z.infer<typeof DiskUseSchema>;
