import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { MUTANTS } from '../../../chaos/mutants.ts';

const root = resolve(import.meta.dirname, '../../..');

test.each(Object.entries(MUTANTS))(
  'the mutant %s fits the product: its text is there once',
  (_name, mutant) => {
    const source = readFileSync(join(root, mutant.file), 'utf8');
    expect(source.split(mutant.text)).toHaveLength(2);
    expect(source).not.toContain(mutant.replacement);
  },
);
