import { expect, test } from 'vitest';
import { indexPatterns, stepVariables } from '../../../../src/agent/sandbox/run-step.ts';

test('a step may reach the public indexes and those that its variables name', () => {
  const patterns = indexPatterns({
    PIP_INDEX_URL: 'https://ada:secret@pip.acme.test/simple',
    PIP_EXTRA_INDEX_URL: 'http://a.test:8080/simple https://b.test/simple',
    PIP_FIND_LINKS: '/srv/wheels',
    KUBOT_NPM_REGISTRY_1: 'https://npm.acme.test/',
    OTHER_URL: 'https://other.test/',
  });
  expect(patterns.map(({ text }) => text)).toEqual([
    'pypi.org:443',
    'files.pythonhosted.org:443',
    'registry.npmjs.org:443',
    'pip.acme.test:443',
    'a.test:8080',
    'b.test:443',
    'npm.acme.test:443',
  ]);
});

test('robots in strict share no cache with any other', () => {
  const env = { PATH: '/bin', PIP_CACHE_DIR: '/cache/pip', npm_config_cache: '/cache/npm' };
  expect(stepVariables(env, 'standard', 'A')).toEqual(env);
  const [a, b] = [stepVariables(env, 'strict', 'A'), stepVariables(env, 'strict', 'B')];
  expect(a.PIP_CACHE_DIR).toMatch(/^\/cache\/pip-strict\/[0-9a-f]{16}$/);
  expect(a.npm_config_cache).toMatch(/^\/cache\/npm-strict\/[0-9a-f]{16}$/);
  expect(a.PIP_CACHE_DIR).not.toBe(b.PIP_CACHE_DIR);
});
