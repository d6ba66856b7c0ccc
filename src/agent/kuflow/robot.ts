import { z } from 'zod';

export interface RobotSourceFile {
  id: string;
  name: string;
  contentLength: number;
  /** As the platform sends it: algorithm and form are not stated. */
  contentHash: string;
}

/** A robot as a list has it. */
export interface RobotSummary {
  id: string;
  code: string;
  name: string;
  tenantId: string | null;
  /** ISO 8601; null where the platform tells none. */
  lastModifiedAt: string | null;
}

/** A robot as the platform answers for it alone. */
export interface Robot extends RobotSummary {
  /** UNKNOWN also for types that this version does not know. */
  sourceType: 'PACKAGE' | 'UNKNOWN';
  sourceFile: RobotSourceFile | null;
  environmentVariables: Record<string, string>;
}

const SummarySchema = z.object({
  id: z.string(),
  code: z.string(),
  name: z.string(),
  tenantId: z.string().nullish(),
  lastModifiedAt: z.string().nullish(),
});

const SourceFileSchema = z.object({
  id: z.string(),
  name: z.string(),
  contentLength: z.number().int().nonnegative(),
  contentHash: z.string(),
});

const RobotInPageSchema = SummarySchema.transform(summaryOf);

/** One page of robots; one that cannot be read is left out rather than hiding the others. */
export const RobotPageSchema = z
  .object({
    metadata: z.object({ totalPages: z.number().int() }),
    content: z.array(z.unknown()),
  })
  .transform(({ metadata, content }) => ({
    totalPages: metadata.totalPages,
    items: content.length,
    robots: content.flatMap((robot) => RobotInPageSchema.safeParse(robot).data ?? []),
  }));

export const RobotSchema = SummarySchema.extend({
  sourceType: z.enum(['PACKAGE', 'UNKNOWN']).catch('UNKNOWN'),
  sourceFile: SourceFileSchema.nullish(),
  environmentVariables: z.record(z.string(), z.string()).nullish(),
}).transform(
  (robot): Robot => ({
    ...summaryOf(robot),
    sourceType: robot.sourceType,
    sourceFile: robot.sourceFile ?? null,
    environmentVariables: robot.environmentVariables ?? {},
  }),
);

function summaryOf(robot: z.output<typeof SummarySchema>): RobotSummary {
  return {
    id: robot.id,
    code: robot.code,
    name: robot.name,
    tenantId: robot.tenantId ?? null,
    lastModifiedAt: robot.lastModifiedAt ?? null,
  };
}
