import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { authorize } from '../../../../src/agent/gateway/authorize.ts';
import { API_VERSION, OPERATIONS, type OperationId } from '../../../../src/agent/gateway/operations.ts';

const SPEC = new URL('../../../../assets/openapi/openapi-v2024-06-14-r2024-09.yaml', import.meta.url);

const SpecSchema = z.object({
  servers: z.tuple([z.object({ url: z.string() })]),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string().optional() }))),
});

async function readSpec() {
  const spec = SpecSchema.parse(parse(await readFile(SPEC, 'utf8')));
  const operations = Object.entries(spec.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      id: operationId ?? '',
      method: method.toUpperCase(),
      template,
    })),
  );
  return { url: spec.servers[0].url, operations };
}

describe('the operations of the gateway', () => {
  it('hold every operation of the specification, with its method and path', async () => {
    const { operations } = await readSpec();
    const known = new Map(Object.entries(OPERATIONS));
    expect(operations.length).toBe(33);
    for (const { id, method, template } of operations)
      expect([id, known.get(id)]).toEqual([id, { method, template }]);
  });

  it('are those of the version that the specification serves', async () => {
    expect((await readSpec()).url.endsWith(`/${API_VERSION}`)).toBe(true);
  });

  it('never share a method and a path', () => {
    const shapes = Object.values(OPERATIONS).map(
      ({ method, template }) => `${method} ${template.replaceAll(/\{\w+\}/g, '{}')}`,
    );
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('are all allowed but those that hand out what is the host’s', () => {
    const ids = Object.keys(OPERATIONS) as OperationId[];
    const refused = ids.filter((id) => !authorize({ runId: 'r' }, id, {}).allowed);
    expect(refused).toEqual(['createAuthentication', 'createWorker', 'retrieveKmsKey']);
  });

  it('are named where they are refused', () => {
    expect(authorize({ runId: 'r' }, 'createWorker', {})).toEqual({
      allowed: false,
      reason: 'Robots may not call createWorker: only the agent registers workers.',
    });
  });
});
