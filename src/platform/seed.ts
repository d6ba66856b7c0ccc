import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentError } from '../shared/errors.ts';

const id = z.uuid().optional();
const code = z.string().min(1).max(50);
const name = z.string().min(1).max(50);
const json = z.record(z.string(), z.unknown());

/** Codes stand for ids: twice the same one would be one thing that overwrites another. */
function unique<T extends { code: string }>(list: readonly T[], context: z.RefinementCtx): void {
  for (const [index, { code }] of list.entries()) {
    if (list.findIndex((other) => other.code === code) === index) continue;
    context.addIssue({ code: 'custom', path: [index, 'code'], message: `is there twice: ${code}` });
  }
}

const TaskDefinitionSchema = z.strictObject({
  id,
  code,
  name,
  robot: z.string().optional(),
  operation: z.string().optional(),
});

/** A seed of docs/platform.md: what a tenant starts with. Ids are optional everywhere. */
export const SeedSchema = z.strictObject({
  tenant: z.strictObject({ id, name: z.string().min(1) }),
  robots: z
    .array(
      z.strictObject({
        id,
        code,
        name,
        description: z.string().min(1).max(4000).optional(),
        /** A folder (ends with a slash) that is zipped, or a .zip that is served as it is. */
        package: z.string().min(1),
        environmentVariables: z.record(z.string(), z.string().min(1).max(4000)).default({}),
        /** false: not listed with filterContext=READY. */
        ready: z.boolean().default(true),
        sourceType: z.enum(['PACKAGE', 'UNKNOWN']).default('PACKAGE'),
      }),
    )
    .superRefine(unique)
    .default([]),
  users: z.array(z.strictObject({ id, name, email: z.email() })).default([]),
  processDefinitions: z
    .array(
      z.strictObject({
        id,
        code,
        name,
        tasks: z.array(TaskDefinitionSchema).superRefine(unique).default([]),
      }),
    )
    .superRefine(unique)
    .default([]),
  processes: z
    .array(
      z.strictObject({
        id,
        definition: code,
        metadata: json.default({}),
        documents: z
          .array(z.strictObject({ id, name: z.string().min(1), file: z.string().min(1) }))
          .default([]),
        tasks: z
          .array(
            z.strictObject({
              id,
              definition: code,
              data: json.default({}),
              ownerEmail: z.email().optional(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});
export type Seed = z.infer<typeof SeedSchema>;
export type SeedInput = z.input<typeof SeedSchema>;

/**
 * Reads `seed.json` of a folder.
 * @throws AgentError CONFIG_INVALID naming the file and the field
 */
export function loadSeed(dir: string): Seed {
  const path = join(dir, 'seed.json');
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentError('CONFIG_INVALID', `The seed ${path} cannot be read: ${reason}.`, {
      hint: 'A seed directory holds a seed.json; docs/platform.md shows one.',
    });
  }
  return parseSeed(value, path);
}

/** @throws AgentError CONFIG_INVALID naming the field */
export function parseSeed(value: unknown, what: string): Seed {
  const parsed = SeedSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AgentError(
    'CONFIG_INVALID',
    `The seed ${what} is not valid: ${issue?.path.join('.')} ${issue?.message}.`,
    {
      hint: 'docs/platform.md shows a seed.',
    },
  );
}
