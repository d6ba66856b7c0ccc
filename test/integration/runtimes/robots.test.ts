import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AssetProvider, AssetRequest } from '../../../src/platform/asset-provider.ts';
import { type Lab, type LabRobot, startLab } from '../../helpers/lab.ts';
import { script, tarOf } from '../../helpers/tar-of.ts';

const NODE = gzipSync(
  tarOf([
    script('node-v20.11.2-linux-x64/bin/node', 'case $1 in --version) echo v20.11.2 ;; *) echo ran ;; esac'),
  ]),
);
/** Has venv, and neither pip nor ensurepip. */
const PYTHON = gzipSync(
  tarOf([script('python/bin/python3', 'case $1 in --version) echo Python 3.11.4 ;; -I) echo venv ;; esac')]),
);

function robot(
  tools: string,
  operation: string,
  more: { step?: string; variables?: Record<string, string> } = {},
): LabRobot {
  const { step, variables } = more;
  const install = step === undefined ? '' : `post-install:\n  - name: Look\n    shell: ${step}\n`;
  return {
    files: {
      'kubot.yaml': `operations:\n  - name: Run\n    shell: ${operation}\ntools:\n  ${tools}\n${install}`,
    },
    ...(variables && { environmentVariables: variables }),
  };
}

describe('a robot', () => {
  const asked: AssetRequest[] = [];
  let dir: string;
  let lab: Lab;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot-assets-'));
    writeFileSync(join(dir, 'NODEJS'), NODE);
    writeFileSync(join(dir, 'PYTHON'), PYTHON);
    // A newer patch of Node.js whatever is asked for, one Python, and no pip.
    const assets: AssetProvider = {
      find: async (request) => {
        asked.push(request);
        if (request.type === 'PYTHON_PIP') return null;
        const archive = request.type === 'NODEJS' ? NODE : PYTHON;
        return { path: join(dir, request.type), lengthBytes: archive.length, version: request.version };
      },
    };
    lab = await startLab({
      robots: {
        SUBSTITUTED: robot('nodejs: 20.11.1', 'node robot.mjs'),
        MINOR: robot('nodejs: 20.11', 'node robot.mjs'),
        STRICT: robot('nodejs: 20.11.1', 'node robot.mjs'),
        WITHOUT_PIP: robot('python: 3.11.4', 'python robot.py'),
        LOOKING: robot('nodejs: 20.11', 'cat variables.txt', {
          step: 'env | sort > variables.txt',
          variables: { COLOUR: 'blue', KUFLOW_API_TOKEN: 'of my own', PATH: '/evil' },
        }),
      },
      assets,
      settings: { localRuntimes: {}, pipVersion: '24.0', robots: { STRICT: { runtimeMismatch: 'refuse' } } },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab.close();
    rmSync(dir, { recursive: true });
  });

  test('runs with another patch than it asks for, and is warned of it', async () => {
    const run = await lab.run('SUBSTITUTED');
    expect(run).toMatchObject({ outcome: 'succeeded', runtimes: { nodejs: '20.11.2' } });
    expect(await lab.logText(run)).toContain(
      'WARN kubot.yaml asks for Node.js 20.11.1; the platform served 20.11.2.',
    );
  });

  test('that asks for a minor is served any patch of it without a word', async () => {
    const run = await lab.run('MINOR');
    expect(run).toMatchObject({ outcome: 'succeeded', runtimes: { nodejs: '20.11.2' } });
    expect(await lab.logText(run)).not.toContain('WARN');
  });

  test('does not run with another patch where its settings refuse that', async () => {
    expect(await lab.run('STRICT')).toMatchObject({
      outcome: 'prepare-failed',
      error: {
        code: 'RUNTIME_UNAVAILABLE',
        message:
          'kubot.yaml asks for Node.js 20.11.1; the platform served 20.11.2. This host refuses substitutes (runtimeMismatch).',
      },
    });
  });

  test('whose Python has no pip is told of both, and of the pip that the settings name', async () => {
    expect(await lab.run('WITHOUT_PIP')).toMatchObject({
      outcome: 'prepare-failed',
      error: {
        code: 'RUNTIME_UNAVAILABLE',
        message: expect.stringMatching(
          /^Python 3\.11\.4 brings no pip of its own, and the platform has no pip 24\.0 for LINUX X86_64\.$/,
        ),
      },
    });
  });

  test('asks for the exact versions of its manifest, each once for all robots', () => {
    const target = { platform: 'LINUX', architecture: 'X86_64' };
    expect(asked.map((request) => JSON.stringify(request)).toSorted()).toEqual(
      [
        { type: 'NODEJS', version: '20.11', ...target },
        { type: 'NODEJS', version: '20.11.1', ...target },
        { type: 'PYTHON', version: '3.11.4', ...target },
        { type: 'PYTHON_PIP', version: '24.0', ...target },
      ].map((request) => JSON.stringify(request)),
    );
  });

  test('sees in post-install its own variables and the tools’ and nothing of the API', async () => {
    const log = await lab.logText(await lab.run('LOOKING'));
    const variables = Object.fromEntries(
      [...log.matchAll(/^\w+ ([A-Za-z_]\w*)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(variables).toMatchObject({
      COLOUR: 'blue',
      HOME: expect.stringMatching(/\/environments\/[0-9a-f]{32}\/home$/),
      TMPDIR: expect.stringMatching(/\/environments\/[0-9a-f]{32}\/tmp$/),
      PIP_CACHE_DIR: join(lab.home, 'cache', 'pip'),
      npm_config_cache: join(lab.home, 'cache', 'npm'),
      XDG_CACHE_HOME: expect.stringMatching(/\/home\/\.cache$/),
      SSL_CERT_FILE: expect.stringMatching(/trust-bundle\.pem$/),
    });
    expect(variables.PATH).toMatch(/^\S+\/environments\/[0-9a-f]{32}\/bin:.*:\/usr\/bin:\/bin$/);
    expect(Object.keys(variables).filter((name) => /^(KUFLOW_|KUBOT_(?!STEP_ID|NPM_))/.test(name))).toEqual(
      [],
    );
  });
});
