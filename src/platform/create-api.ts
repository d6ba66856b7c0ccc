import { readFileSync } from 'node:fs';
import addFormats from 'ajv-formats';
import { type Context, type Document, OpenAPIBackend, type Request } from 'openapi-backend';
import { parse } from 'yaml';
import { ApiError } from './api-error.ts';
import { OPERATIONS } from './operations.ts';
import type { Answer, Call } from './platform-state.ts';

export const API_ROOT = '/v2024-06-14';

/** What the HTTP side hands to the operations, beside what the specification's parser reads of the request. */
export type CallBase = Pick<Call, 'state' | 'principal' | 'sourceAddress' | 'stream'>;

/** The official specification as a router: finds the operation, holds the request and the answer against it. */
export interface Api {
  handle(request: ApiRequest, base: CallBase): Promise<Answer>;
}

export interface ApiRequest {
  method: string;
  path: string;
  query: Record<string, unknown>;
  headers: Record<string, string | string[]>;
  body: unknown;
}

/** @param specPath the official YAML; @param onInvalidAnswer hears of answers that the specification forbids; null: answers are not checked */
export async function createApi(
  specPath: string,
  onInvalidAnswer: ((operationId: string, errors: unknown) => void) | null,
): Promise<Api> {
  const backend = new OpenAPIBackend({
    definition: parse(readFileSync(specPath, 'utf8')) as Document,
    apiRoot: API_ROOT,
    quick: true,
    ajvOpts: { strict: false },
    customizeAjv: (ajv) => {
      addFormats.default(ajv);
      return ajv;
    },
    handlers: {
      notFound: () => {
        throw new ApiError(404, 'No such resource');
      },
      methodNotAllowed: () => {
        throw new ApiError(405, 'Method not allowed');
      },
      validationFail: (context) => {
        throw new ApiError(
          400,
          'The request is not valid',
          (context.validation.errors ?? []).map((error) => ({
            code: error.keyword.toUpperCase(),
            message: `${error.instancePath || 'request'} ${error.message ?? ''}`.trim(),
            location: error.instancePath,
          })),
        );
      },
      ...Object.fromEntries(
        Object.entries(OPERATIONS).map(([operationId, operation]) => [
          operationId,
          (context: Context, base: CallBase) =>
            base.state.store.atomically(() =>
              operation({
                ...base,
                operationId,
                id: String(context.request.params.id ?? ''),
                query: context.request.query,
                body: context.request.requestBody,
              }),
            ),
        ]),
      ),
      postResponseHandler: (context: Context, base: CallBase) => {
        const answer = context.response as Answer;
        if (onInvalidAnswer && 'body' in answer && base.state.behaviour.shape !== 'r26') {
          // Validated as a client reads it: absent fields, not undefined ones.
          const body: unknown = JSON.parse(JSON.stringify(answer.body));
          const { errors } = backend.validateResponse(body, context.operation, answer.status);
          if (errors) onInvalidAnswer(context.operation.operationId ?? '', errors);
        }
        return answer;
      },
    },
  });
  // Who asks is settled before the request comes here (authenticate.ts).
  backend.registerSecurityHandler('BasicAuth', () => true);
  await backend.init();
  return {
    handle: async (request, base) => (await backend.handleRequest(request as Request, base)) as Answer,
  };
}
