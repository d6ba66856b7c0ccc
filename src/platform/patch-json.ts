import { applyPatch, type Operation as PatchOperation } from 'rfc6902';
import { ApiError } from './api-error.ts';
import type { JsonObject } from './model.ts';

/**
 * JSON data after a JSON Patch (RFC 6902): all of it, or none.
 * @throws ApiError 400 naming the operation that could not be applied
 */
export function patchJson(data: JsonObject | null, operations: unknown): JsonObject {
  const copy: JsonObject = structuredClone(data ?? {});
  const list = operations as PatchOperation[];
  const errors = applyPatch(copy, list);
  const at = errors.findIndex((error) => error !== null);
  if (at >= 0) {
    const operation = list[at];
    throw new ApiError(400, `Patch operation ${at} cannot be applied`, [
      {
        code: 'INVALID_PATCH',
        message: `${operation?.op} ${operation?.path}`,
        location: `[${at}]`,
        locationType: 'body',
      },
    ]);
  }
  return copy;
}
