import { describe, expect, test } from 'vitest';
import { hostIndexes, indexSecrets } from '../../../../src/agent/runs/package-indexes.ts';

const none = { pipConfs: [], npmrcs: [] };

function ofPip(...pipConfs: string[]) {
  return hostIndexes(null, {}, { pipConfs, npmrcs: [] }).variables;
}

function ofNpm(environment: Record<string, string>, ...npmrcs: string[]) {
  return hostIndexes(null, environment, { pipConfs: [], npmrcs });
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
  test('gives registries and their tokens, by references to variables that a shell passes on', () => {
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
      variables: {
        npm_config_registry: 'https://npm.acme/',
        KUBOT_NPM_REGISTRY_1: 'https://private.acme/',
        KUBOT_NPM_SECRET_2: 's3cret',
        KUBOT_NPM_USER_3: 'ana',
      },
      npmrc: [
        // biome-ignore-start lint/suspicious/noTemplateCurlyInString: as .npmrc has it
        '@acme:registry=${KUBOT_NPM_REGISTRY_1}',
        '//private.acme/:_authToken=${KUBOT_NPM_SECRET_2}',
        '//private.acme/:username=${KUBOT_NPM_USER_3}',
        // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as .npmrc has it
      ],
    });
  });

  test('of the person wins over the system’s, key by key', () => {
    expect(ofNpm({}, '//a/:_authToken=system', '//a/:_authToken=person').variables).toEqual({
      KUBOT_NPM_SECRET_1: 'person',
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
    expect(hostIndexes(null, {}, files).variables).toMatchObject({
      PIP_INDEX_URL: 'https://file',
      npm_config_registry: 'https://file',
    });
    expect(hostIndexes(null, environment, files).variables).toMatchObject({
      PIP_INDEX_URL: 'https://variable',
      npm_config_registry: 'https://variable',
    });
    expect(hostIndexes({ pip: 'https://setting' }, environment, files).variables).toEqual({
      PIP_INDEX_URL: 'https://setting',
      PIP_EXTRA_INDEX_URL: 'https://extra',
      npm_config_registry: 'https://variable',
    });
    expect(hostIndexes({ npm: 'https://setting' }, {}, none)).toEqual({
      variables: { npm_config_registry: 'https://setting' },
      npmrc: [],
    });
  });

  test('is the tools’ own where nobody says otherwise', () => {
    expect(ofNpm({ PIP_INDEX_URL: '', HOME: '/home/ana' })).toEqual({ variables: {}, npmrc: [] });
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
        KUBOT_NPM_SECRET_1: 'token-1',
        KUBOT_NPM_SECRET_2: 'cGFzcw==',
        KUBOT_NPM_USER_3: 'ana',
        npm_config_registry: 'https://x/',
      }),
    ).toEqual(['token-1', 'cGFzcw==']);
  });
});
