import { applyPatch, type Operation as PatchOperation } from 'rfc6902';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { JsonObject } from './model.ts';

const Pointer = z.string().regex(/^(\/|$)/, 'is no JSON Pointer');
const Operations = z.array(
  z.looseObject({ op: z.string(), path: Pointer, from: Pointer.optional(), value: z.unknown().optional() }),
);
const Result = z.object({ data: z.record(z.string(), z.unknown()) });

/**
 * JSON data after a JSON Patch (RFC 6902): all of it, or none.
 * @throws ApiError 400 naming the operation that could not be applied
 */
export function patchJson(data: JsonObject | null, body: unknown): JsonObject {
  const operations = Operations.safeParse(body);
  if (!operations.success) {
    const issue = operations.error.issues[0];
    throw refusal(Number(issue?.path[0] ?? 0), `${String(issue?.path[1] ?? 'operation')} ${issue?.message}`);
  }
  // One level down, because the library cannot replace the whole document, which RFC 6902 allows.
  const wrapped = { data: structuredClone(data ?? {}) };
  const lowered = operations.data.map(({ path, from, ...rest }) => ({
    ...rest,
    path: `/data${path}`,
    ...(from !== undefined && { from: `/data${from}` }),
  }));
  const errors = applyPatch(wrapped, lowered as PatchOperation[]);
  const at = errors.findIndex((error) => error !== null);
  if (at >= 0) throw refusal(at, `${operations.data[at]?.op} ${operations.data[at]?.path}`);
  const result = Result.safeParse(wrapped);
  if (!result.success) throw new ApiError(400, 'The patched data is no JSON object');
  return result.data.data;
}

function refusal(index: number, message: string): ApiError {
  return new ApiError(400, `Patch operation ${index} cannot be applied`, [
    { code: 'INVALID_PATCH', message, location: `[${index}]`, locationType: 'body' },
  ]);
}
