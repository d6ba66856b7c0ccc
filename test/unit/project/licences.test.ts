import { expect, test } from 'vitest';
import { listLicences } from '../../../scripts/list-licences.ts';

/** Those that let us ship under MIT, by what they ask for: the notice. */
const ALLOWED = [
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'PSF-2.0',
  '(MIT OR CC0-1.0)',
];

test('every package that is shipped is under a licence that lets us ship it', () => {
  expect(listLicences().filter(({ licence }) => !ALLOWED.includes(licence))).toEqual([]);
});

test('what is bundled is listed with its text, and what only builds and tests is not', () => {
  const names = listLicences().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['electron', 'koffi', 'react', 'winston', 'yauzl', 'zod']));
  expect(names.filter((name) => /^(vite|vitest|playwright|typescript|knip|@types\/node)/.test(name))).toEqual(
    [],
  );
  const react = listLicences().find(({ name }) => name === 'react');
  expect(react?.text).toMatch(/Permission is hereby granted/);
});

test('none is listed twice', () => {
  const all = listLicences().map(({ name, version }) => `${name} ${version}`);
  expect(all).toEqual([...new Set(all)]);
});
