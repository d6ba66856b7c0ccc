import { describe, expect, test } from 'vitest';
import { indexSecrets, packageIndexVariables } from '../../../../src/agent/runs/package-indexes.ts';

const none = { pipConfs: [], npmrcs: [] };

function ofPip(...pipConfs: string[]) {
  return packageIndexVariables(null, {}, { pipConfs, npmrcs: [] });
}

function ofNpm(environment: Record<string, string>, ...npmrcs: string[]) {
  return packageIndexVariables(null, environment, { pipConfs: [], npmrcs });
}

describe('the host’s pip.conf', () => {
  test('says where packages come from, and nothing else of it is carried over', () => {
    expect(
      ofPip(
        [
          '# of the company',
          '[global]',
          'index-url = https://pip.acme/simple',
          'extra_index_url=https://more.acme/simple',
          'trusted-host = pip.acme',
          'timeout = 60',
          'cache-dir = /var/cache',
          '; user = true',
          '[install]',
          'find-links = /srv/wheels',
          'user = true',
          '[list]',
          'index-url = https://not-this-one',
        ].join('\r\n'),
      ),
    ).toEqual({
      PIP_INDEX_URL: 'https://pip.acme/simple',
      PIP_EXTRA_INDEX_URL: 'https://more.acme/simple',
      PIP_TRUSTED_HOST: 'pip.acme',
      PIP_TIMEOUT: '60',
      PIP_FIND_LINKS: '/srv/wheels',
    });
  });

  test('may have values over several lines, and indented keys', () => {
    expect(
      ofPip(
        '[global]\n  extra-index-url =\n      https://a/simple\n      # not this\n\n      https://b/simple\n  no-index = false\n',
      ),
    ).toEqual({ PIP_EXTRA_INDEX_URL: 'https://a/simple https://b/simple', PIP_NO_INDEX: 'false' });
  });

  test('of the person wins over the system’s', () => {
    expect(ofPip('[global]\nindex-url = https://system', '[global]\nindex-url = https://person')).toEqual({
      PIP_INDEX_URL: 'https://person',
    });
  });
});

describe('the host’s .npmrc', () => {
  test('gives registries and their tokens, with variables of the host in them', () => {
    expect(
      ofNpm(
        { NPM_TOKEN: 's3cret' },
        'registry=https://system/\n',
        [
          'registry = "https://npm.acme/"',
          '@acme:registry=https://private.acme/',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: as .npmrc has it
          '//private.acme/:_authToken=${NPM_TOKEN}',
          '//private.acme/:username=ana',
          'save-exact=true',
          '; a comment',
          'script-shell=/bin/evil',
        ].join('\n'),
      ),
    ).toEqual({
      npm_config_registry: 'https://npm.acme/',
      'npm_config_@acme:registry': 'https://private.acme/',
      'npm_config_//private.acme/:_authToken': 's3cret',
    });
  });
});

describe('the index of robots', () => {
  test('is by the setting, else by the host’s variables, else by its files', () => {
    const files = {
      pipConfs: ['[global]\nindex-url = https://file\nextra-index-url = https://extra'],
      npmrcs: ['registry=https://file'],
    };
    const environment = { PIP_INDEX_URL: 'https://variable', NPM_CONFIG_REGISTRY: 'https://variable' };
    expect(packageIndexVariables(null, {}, files)).toMatchObject({
      PIP_INDEX_URL: 'https://file',
      npm_config_registry: 'https://file',
    });
    expect(packageIndexVariables(null, environment, files)).toMatchObject({
      PIP_INDEX_URL: 'https://variable',
      npm_config_registry: 'https://variable',
    });
    expect(packageIndexVariables({ pip: 'https://setting' }, environment, files)).toEqual({
      PIP_INDEX_URL: 'https://setting',
      PIP_EXTRA_INDEX_URL: 'https://extra',
      npm_config_registry: 'https://variable',
    });
    expect(packageIndexVariables({ npm: 'https://setting' }, {}, none)).toEqual({
      npm_config_registry: 'https://setting',
    });
  });

  test('is the tools’ own where nobody says otherwise', () => {
    expect(packageIndexVariables(null, { PIP_INDEX_URL: '', HOME: '/home/ana' }, none)).toEqual({});
  });
});

describe('secrets of indexes', () => {
  test.each([
    ['https://user:pass%40word@pip.acme/simple', ['pass%40word', 'pass@word']],
    ['https://pypi-token@pip.acme/simple', ['pypi-token', 'pypi-token']],
    ['https://__token__:pypi-abc@pip.acme/', ['pypi-abc', 'pypi-abc']],
    ['https://a:one@x/ https://b:two@y/', ['one', 'one', 'two', 'two']],
    ['http://user:100%25@proxy:3128', ['100%25', '100%']],
    ['http://user:100%@proxy:3128', ['100%']],
    ['https://pip.acme/simple@v1', []],
    ['/srv/wheels', []],
  ])('of %s are %j, as they stand and as they are sent', (value, secrets) => {
    expect(indexSecrets({ PIP_INDEX_URL: value })).toEqual(secrets);
  });

  test('of npm are its tokens', () => {
    expect(
      indexSecrets({
        'npm_config_//x/:_authToken': 'token-1',
        'npm_config_//y/:_password': 'cGFzcw==',
        npm_config_registry: 'https://x/',
      }),
    ).toEqual(['token-1', 'cGFzcw==']);
  });
});
