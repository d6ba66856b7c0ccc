import koffi from 'koffi';
import { expect, test } from 'vitest';
import { JOB_CALLS, loadJobs } from '../../../../src/agent/native/kernel32.ts';

test.each(Object.entries(JOB_CALLS))('koffi reads the declaration of %s', (name, declaration) => {
  // Under another name: a type's is taken once.
  expect(() => koffi.proto(declaration.replace(name, `${name}Test`))).not.toThrow();
});

test('only Windows has Job Objects', async () => {
  expect(await loadJobs('linux')).toBeNull();
});
