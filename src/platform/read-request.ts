import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';
import type { PlatformBehaviour } from './behaviour.ts';

/** Largest JSON body; documents are streamed and have no such limit. */
const MAX_JSON_BYTES = 32 * 1024 * 1024;

const ARRAYS = new Set([
  'sort',
  'groupId',
  'email',
  'tenantId',
  'processId',
  'taskState',
  'taskDefinitionCode',
]);
const NUMBERS = new Set(['size', 'page']);

/**
 * A query as the specification types it: repeated names as arrays, numbers as numbers. R26's names become those
 * of R24 where the behaviour takes them.
 * @throws ApiError 400
 */
export function readQuery(
  search: URLSearchParams,
  path: string,
  behaviour: PlatformBehaviour,
): Record<string, unknown> {
  const query: Record<string, unknown> = {};
  const ofItems = path.endsWith('/process-items');
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name);
    if (ofItems && name === 'taskDefinitionCode' && !behaviour.acceptR24Names) throw unknownName(name);
    if (ofItems && name === 'processItemDefinitionCode') {
      if (!behaviour.acceptR26Names) throw unknownName(name);
      query.taskDefinitionCode = [...new Set([...((query.taskDefinitionCode as string[]) ?? []), ...values])];
    } else if (ofItems && name === 'type') {
      query.type = behaviour.acceptR26Names ? values.filter((value) => value !== 'THREAD') : values;
    } else if (ARRAYS.has(name)) {
      query[name] = [...((query[name] as string[] | undefined) ?? []), ...values];
    } else if (NUMBERS.has(name)) {
      query[name] = /^\d+$/.test(values[0] ?? '') ? Number(values[0]) : values[0];
    } else {
      query[name] = values.length > 1 ? values : values[0];
    }
  }
  return query;
}

function unknownName(name: string): ApiError {
  return new ApiError(400, `Unknown query parameter ${name}`, [
    {
      code: 'UNKNOWN_PARAMETER',
      message: `Unknown query parameter ${name}`,
      location: name,
      locationType: 'query',
    },
  ]);
}

/** Uploads: their body is a file whatever its Content-Type says, also where that is JSON. */
export function takesOctets(path: string): boolean {
  return /\/~actions\/upload-[a-z-]+$/.test(path);
}

/** The JSON body, or undefined when there is none or it is no JSON by its type. @throws ApiError 400, 413 */
export async function readJson(request: IncomingMessage, behaviour: PlatformBehaviour): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/(json|json-patch\+json)\b/i.test(type)) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_JSON_BYTES) throw new ApiError(413, 'The request body is too large');
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return renamed(JSON.parse(Buffer.concat(chunks).toString('utf8')), behaviour);
  } catch (error) {
    throw new ApiError(400, `The request body is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

/** R26's `task.processItemDefinitionCode` as R24's `task.taskDefinitionCode`. */
function renamed(body: unknown, behaviour: PlatformBehaviour): unknown {
  if (!behaviour.acceptR26Names || typeof body !== 'object' || body === null || !('task' in body))
    return body;
  const { task } = body;
  if (typeof task !== 'object' || task === null || !('processItemDefinitionCode' in task)) return body;
  const { processItemDefinitionCode, ...rest } = task;
  return { ...body, task: { taskDefinitionCode: processItemDefinitionCode, ...rest } };
}
