import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const validate = await compileSchema();

describe('docs/kubot.schema.json', () => {
  it.each(['invoice-check', 'orders-digest', 'inbox-sorter'])(
    'accepts the manifest of %s',
    async (sample) => {
      const manifest = await readFile(join(root, 'assets', 'samples', sample, 'kubot.yaml'), 'utf8');
      expect(validate(parse(manifest.replace('{{python}}', '3.11.7')))).toBe(true);
    },
  );

  it.each([
    ['versions as YAML numbers', 'operations: [{ name: A, shell: a }]\ntools: { python: 3.11, nodejs: 20 }'],
    ['keys that it does not know', 'operations: [{ name: A, shell: a, icon: b }]\nauthor: someone'],
    [
      'a post-install step without a name',
      'operations: [{ name: A, shell: a }]\npost-install: [{ shell: b }]',
    ],
  ])('accepts %s', (_what, yaml) => {
    expect(validate(parse(yaml))).toBe(true);
  });

  it.each([
    ['no operations', 'tools: { python: 3.11.7 }'],
    ['an empty list of operations', 'operations: []'],
    ['an operation without a name', 'operations: [{ shell: a }]'],
    ['an operation without a command', 'operations: [{ name: A }]'],
    ['a blank command', 'operations: [{ name: A, shell: " " }]'],
    ['a path for a version', 'operations: [{ name: A, shell: a }]\ntools: { python: ../../bin }'],
    ['a text for a manifest', 'operations'],
  ])('refuses %s', (_what, yaml) => {
    expect(validate(parse(yaml))).toBe(false);
  });
});

/** The validator that comes with openapi-backend, which is what the embedded platform checks with. */
async function compileSchema(): Promise<(value: unknown) => boolean> {
  const { default: Ajv } = await import(createRequire(import.meta.resolve('openapi-backend')).resolve('ajv'));
  const schema: unknown = JSON.parse(await readFile(join(root, 'docs', 'kubot.schema.json'), 'utf8'));
  const ajv = new Ajv.default();
  return ajv.compile(schema);
}
