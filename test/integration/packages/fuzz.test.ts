import { describe, expect, test } from 'vitest';
import { Random } from '../../../chaos/random.ts';
import { runFuzz } from '../../../fuzz/run-fuzz.ts';
import { makeTarCase } from '../../../fuzz/tar-archives.ts';
import { makeZipCase } from '../../../fuzz/zip-archives.ts';

describe('archives that chance made', () => {
  test('harm nothing: `npm run fuzz` for more of them', async () => {
    const { cases, findings } = await runFuzz({ seed: 6, seconds: 15, cases: 250, keepDir: null });
    expect(findings).toEqual([]);
    expect(cases).toBeGreaterThan(0);
  });

  test.each([
    ['ZIP', makeZipCase],
    ['tar', makeTarCase],
  ])('are the same %s for the same seed', (_kind, make) => {
    const twice = [1, 2].map(() => Array.from({ length: 50 }, (_, at) => make(new Random(`9/${at}`), '/a')));
    expect(twice[0]).toEqual(twice[1]);
  });
});
