import type { z } from 'zod';

/** A JSON column as a typed value. Throws what JSON.parse and zod throw: the journal is not what we wrote. */
export function parseDocument<T extends z.ZodType>(schema: T, column: unknown): z.output<T> {
  return schema.parse(JSON.parse(String(column)));
}
