import { expect, test } from 'vitest';
import {
  type CatalogueRobot,
  compareCatalogues,
  passesFilter,
  revisionOf,
} from '../../../../src/agent/worker/robot-catalogue.ts';

const robot = (id: string, over: Partial<CatalogueRobot> = {}): CatalogueRobot => ({
  id,
  code: id.toUpperCase(),
  name: id,
  tenantId: null,
  revision: '1',
  sourceType: 'PACKAGE',
  sourceFile: null,
  environmentVariables: {},
  state: 'unprepared',
  reason: null,
  ...over,
});

test.each([
  [[], true],
  [['a'], true],
  [['A'], true],
  [['b'], false],
])('a filter of %j lets robot a of code A through: %s', (filter, expected) => {
  expect(passesFilter({ id: 'a', code: 'A' }, filter)).toBe(expected);
});

test('the hash of the package names its revision; without one each change of the robot does', () => {
  const sourceFile = { id: 'f', name: 'a.zip', contentLength: 1, contentHash: 'abc' };
  const lastModifiedAt = '2026-01-01T00:00:00Z';
  expect(revisionOf({ id: 'a', sourceFile, lastModifiedAt })).toBe('abc');
  expect(revisionOf({ id: 'a', sourceFile: { ...sourceFile, contentHash: '' }, lastModifiedAt })).toBe(
    'a@2026-01-01T00:00:00Z',
  );
  expect(revisionOf({ id: 'a', sourceFile: null, lastModifiedAt: null })).toBe('a@unknown');
});

test('two lists differ by what came, went, and changed in any way', () => {
  const before = [robot('a'), robot('b'), robot('c')];
  const after = [robot('a'), robot('b', { environmentVariables: { VAT: '7' } }), robot('d')];
  expect(compareCatalogues(before, after)).toEqual({
    added: [after[2]],
    changed: [after[1]],
    removed: [before[2]],
  });
});
