import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, NODE_HERE, startLab } from '../../helpers/lab.ts';
import { startRawServer } from '../../helpers/raw-server.ts';
import { tarOf } from '../../helpers/tar-of.ts';

/** npm as npm itself tells it to what it runs: the tests. */
const npmCli = process.env.npm_execpath;
const TOKEN = 'npm_S3cretOfTheCompany';

const MANIFEST = `
operations:
  - name: Run
    shell: node robot.js && npm view @acme/thing version
tools:
  nodejs: ${NODE_HERE}
post-install:
  - name: Install
    shell: npm install --no-audit --loglevel=error
`;

const THING = gzipSync(
  tarOf([
    { path: 'package/package.json', content: JSON.stringify({ name: '@acme/thing', version: '1.0.0' }) },
    { path: 'package/index.js', content: "module.exports = 'thing says hello';\n" },
  ]),
);

describe.skipIf(npmCli === undefined)('a private registry of this host', () => {
  let dir: string;
  let lab: Lab;
  let registry: Awaited<ReturnType<typeof startRawServer>>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot-registry-'));
    registry = await startRawServer((request, response) => {
      const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
      if (!isKnown) response.end('{}');
      else if (request.url?.endsWith('.tgz')) response.end(THING);
      else response.end(JSON.stringify(aboutThing(registry.url)));
    });
    const personHome = join(dir, 'person');
    mkdirSync(personHome);
    writeFileSync(
      join(personHome, '.npmrc'),
      [
        `@acme:registry=${registry.url}/`,
        `${registry.url.replace('http:', '')}/:_authToken=\${COMPANY_TOKEN}`,
      ].join('\n'),
    );
    lab = await startLab({
      robots: {
        NPM: {
          files: {
            'kubot.yaml': MANIFEST,
            'package.json': '{"dependencies":{"@acme/thing":"1.0.0"}}',
            'robot.js': "console.log(require('@acme/thing'));",
          },
        },
      },
      settings: { localRuntimes: { nodejs: { [NODE_HERE]: nodeWithNpm(dir, npmCli ?? '') } } },
      overrides: {
        environment: {
          ...process.env,
          HOME: personHome,
          COMPANY_TOKEN: TOKEN,
          npm_config_userconfig: undefined,
          NPM_CONFIG_USERCONFIG: undefined,
        },
      },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab?.close();
    await registry?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('serves the post-install and the run of a robot, with the token that it asks for', async () => {
    const run = await lab.run('NPM');
    const lines = (await lab.logText(run)).split('\n');
    expect([run.outcome, ...lines.slice(1, -1)]).toEqual([
      ...['succeeded', 'INFO thing says hello', 'INFO 1.0.0'],
    ]);
  });

  test('is another one for environments that were made before, once the agent knows it', async () => {
    const file = join(
      lab.home,
      'environments',
      readdirSync(join(lab.home, 'environments'))[0] ?? '',
      'npmrc',
    );
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, 'registry=https://of-old.test/\n');
    await lab.restartAgent();
    await lab.until(await lab.addTask('NPM'), 'ended');
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('has its token on no disk', () => {
    const files = readdirSync(lab.home, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const telling = files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => readFileSync(path).includes(TOKEN));
    expect([files.length > 20, telling]).toEqual([true, []]);
  });
});

function aboutThing(url: string) {
  const dist = {
    tarball: `${url}/@acme/thing/-/thing-1.0.0.tgz`,
    integrity: `sha512-${createHash('sha512').update(THING).digest('base64')}`,
  };
  const versions = { '1.0.0': { name: '@acme/thing', version: '1.0.0', dist } };
  return { name: '@acme/thing', 'dist-tags': { latest: '1.0.0' }, versions };
}

/** Laid out as the official archive; no links, which a sandbox may hide the ends of. */
function nodeWithNpm(dir: string, cli: string): string {
  const root = join(dir, 'node');
  mkdirSync(join(root, 'bin'), { recursive: true });
  const [from, to] = [realpathSync(process.execPath), join(root, 'bin', 'node')];
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
  cpSync(dirname(dirname(realpathSync(cli))), join(root, 'lib', 'node_modules', 'npm'), { recursive: true });
  return root;
}
