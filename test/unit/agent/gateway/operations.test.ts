import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { API_VERSION, OPERATIONS } from '../../../../src/agent/gateway/operations.ts';
import { REACH_OF_RUN } from '../../../../src/agent/gateway/run-reach.ts';

const SPEC = new URL('../../../../assets/openapi/openapi-v2024-06-14-r2024-09.yaml', import.meta.url);

const OperationSchema = z.looseObject({
  operationId: z.string().optional(),
  parameters: z.array(z.looseObject({ name: z.string().optional(), in: z.string().optional() })).default([]),
});

const SpecSchema = z.object({
  servers: z.tuple([z.object({ url: z.string() })]),
  paths: z.record(z.string(), z.record(z.string(), OperationSchema)),
});

async function readSpec() {
  const spec = SpecSchema.parse(parse(await readFile(SPEC, 'utf8')));
  const operations = Object.entries(spec.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters }]) => ({
      id: operationId ?? '',
      method: method.toUpperCase(),
      template,
      parameters: parameters.flatMap(({ name, in: place }) => (place === 'query' && name ? [name] : [])),
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

  it('of the scope run take the query parameters of the specification', async () => {
    const { operations } = await readSpec();
    const known = new Map(Object.entries(REACH_OF_RUN));
    for (const { id, parameters } of operations) {
      const reach = known.get(id);
      if (reach) expect([id, reach.query ?? []]).toEqual([id, parameters]);
    }
  });
});
