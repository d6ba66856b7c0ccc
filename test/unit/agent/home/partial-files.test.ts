import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { partialPathOf, sweepPartialFiles } from '../../../../src/agent/home/partial-files.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-partial-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('what a kill left of a file that was being replaced is swept, and nothing else', () => {
  writeFileSync(partialPathOf(join(dir, 'trust-bundle.pem')), 'half');
  for (const name of ['trust-bundle.pem', 'x.partial-mine', 'journal.db']) writeFileSync(join(dir, name), '');
  sweepPartialFiles(dir);
  expect(readdirSync(dir).sort()).toEqual(['journal.db', 'trust-bundle.pem', 'x.partial-mine']);
});

test('a folder that is not there has nothing to sweep', () => {
  expect(() => sweepPartialFiles(join(dir, 'none'))).not.toThrow();
});
