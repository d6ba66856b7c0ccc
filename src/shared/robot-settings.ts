import { z } from 'zod';
import {
  failurePolicy,
  files,
  gatewayScope,
  gui,
  homeMode,
  hostPattern,
  limits,
  ms,
  network,
  packageSignatures,
  path,
  publisherKeys,
  runtimeMismatch,
  sandboxLevel,
  secretVariables,
  text,
} from './setting-shapes.ts';

/** What can be said for one robot under `robots.<code>.`; where absent, the global setting holds. */
export const RobotSettingsSchema = z
  .strictObject({
    maxConcurrentRuns: z.number().int().min(1).max(64),
    desktop: z.boolean(),
    gui,
    courtesyCountdownMs: ms,
    courtesyPostponeMaxMs: ms,
    courtesyWaitWhilePresenting: z.boolean(),
    courtesyWaitWhileLocked: z.boolean(),
    runTimeoutMs: ms,
    cancelGraceMs: ms,
    failurePolicy,
    handOverTo: text,
    retryAttempts: z.number().int().min(1).max(100),
    retryBackoffMs: ms,
    runtimeMismatch,
    uploadOutputs: z.boolean(),
    homeMode,
    secretVariables,
    sandbox: sandboxLevel,
    sandboxRequired: z.boolean(),
    network,
    allowedHosts: z.array(hostPattern),
    files,
    sockets: z.array(path),
    limits,
    gatewayScope,
    packageSignatures,
    publisherKeys,
    logDocumentPointer: text,
    operationPointer: z.string(),
    takeOver: z.boolean(),
  })
  .partial();

export type RobotSettings = z.infer<typeof RobotSettingsSchema>;

/** True for a robot that works on the screen of the host: one at a time, and with courtesy to who sits there. */
export function drivesScreen({ desktop, gui }: Pick<RobotSettings, 'desktop' | 'gui'>): boolean {
  return desktop ?? gui === 'host';
}
