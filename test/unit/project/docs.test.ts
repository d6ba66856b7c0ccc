import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { errorsPage, settingsPage } from '../../../scripts/doc-pages.ts';

const docs = resolve(import.meta.dirname, '../../../docs');

test.each([
  ['settings.md', settingsPage],
  ['errors.md', errorsPage],
])('docs/%s is what the source says (npm run generate:docs)', (name, page) => {
  expect(readFileSync(join(docs, name), 'utf8')).toBe(page());
});
