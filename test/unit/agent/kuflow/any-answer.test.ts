import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKuFlowClient } from '../../../../src/agent/kuflow/create-client.ts';
import { isAgentError } from '../../../../src/shared/errors.ts';
import { createMemoryLog } from '../../../helpers/raw-server.ts';

const id = '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b';
const item = { id, processId: id, task: { state: 'READY', taskDefinition: { code: 'A' } } };

/** Bodies near to what is right, and far from it. */
const bodies = fc.oneof(
  fc.string(),
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify({ ...item, task: value })),
  fc.jsonValue().map((value) => JSON.stringify({ ...item, ownerId: value, lastModifiedBy: value })),
  fc.jsonValue().map((value) => JSON.stringify({ message: value, errors: [value], status: value })),
  fc.nat(100).map((length) => JSON.stringify(item).slice(0, length)),
);
const statuses = fc.constantFrom(200, 201, 204, 302, 400, 401, 403, 404, 409, 418, 429, 500, 503);
const headers = fc.record({
  'content-type': fc.constantFrom('application/json', 'text/html', 'text/plain'),
  'retry-after': fc.constantFrom('', '1', 'soon', '-1', '1e99', 'Thu, 01 Jan 1970 00:00:00 GMT'),
  date: fc.constantFrom('', 'yesterday', 'Thu, 01 Jan 2026 00:00:00 GMT'),
});

test('whatever is answered, a call ends with a task or with an AgentError that says something', async () => {
  await fc.assert(
    fc.asyncProperty(statuses, headers, bodies, async (status, given, body) => {
      const client = createKuFlowClient({
        endpoint: 'https://api.kuflow.test',
        credentials: { bearerToken: 'token' },
        log: createMemoryLog(),
        fetch: async () => new Response(status === 204 ? null : body, { status, headers: given }),
        now: () => 0,
        sleep: async () => {},
      });
      try {
        expect(await client.claimTask(id)).toMatchObject({
          id: expect.any(String),
          state: expect.any(String),
        });
      } catch (error) {
        if (!isAgentError(error)) throw error;
        expect(error.code).not.toBe('UNEXPECTED');
        expect(error.message).toMatch(/claim the task|credentials/);
        expect(error.details?.outcome).toMatch(/^(refused|not-sent|unknown)$/);
      }
    }),
    { numRuns: 300 },
  );
});
