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
/** No name that leads anywhere: the host's proxy answers for it. */
const REGISTRY = 'npm.acme.test';

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

const DIST = {
  tarball: `http://${REGISTRY}/@acme/thing/-/thing-1.0.0.tgz`,
  integrity: `sha512-${createHash('sha512').update(THING).digest('base64')}`,
};
const ABOUT_THING = {
  name: '@acme/thing',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': { name: '@acme/thing', version: '1.0.0', dist: DIST } },
};

const FILES = {
  'kubot.yaml': MANIFEST,
  'package.json': '{"dependencies":{"@acme/thing":"1.0.0"}}',
  'robot.js': "console.log(require('@acme/thing'));",
};

describe.skipIf(npmCli === undefined)('a private registry of this host', () => {
  let dir: string;
  let lab: Lab;
  let proxy: Awaited<ReturnType<typeof startRawServer>>;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot-registry-'));
    proxy = await startRawServer((request, response) => {
      const isKnown =
        request.headers.host === REGISTRY && request.headers.authorization === `Bearer ${TOKEN}`;
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
      if (!isKnown) response.end('{}');
      else if (request.url?.endsWith('.tgz')) response.end(THING);
      else response.end(JSON.stringify(ABOUT_THING));
    });
    const personHome = join(dir, 'person');
    mkdirSync(personHome);
    writeFileSync(
      join(personHome, '.npmrc'),
      [`@acme:registry=http://${REGISTRY}/`, `//${REGISTRY}/:_authToken=\${COMPANY_TOKEN}`].join('\n'),
    );
    lab = await startLab({
      robots: {
        NPM: { files: FILES },
        STRICT: { files: { ...FILES, 'other.txt': 'so that it is another package' } },
      },
      settings: {
        proxy: proxy.url,
        robots: { STRICT: { sandbox: 'strict', allowedHosts: [`${REGISTRY}:80`] } },
        localRuntimes: { nodejs: { [NODE_HERE]: nodeWithNpm(dir, npmCli ?? '') } },
      },
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
    await proxy?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test.each(['NPM', 'STRICT'])(
    'serves the post-install and the run of a robot, with its token: %s',
    async (code) => {
      const run = await lab.run(code);
      const lines = (await lab.logText(run)).split('\n');
      expect([run.outcome, ...lines.slice(1, -1)]).toEqual([
        ...['succeeded', 'INFO thing says hello', 'INFO 1.0.0'],
      ]);
    },
  );

  test('is another one for environments that were made before, once the agent knows it', async () => {
    const environments = join(lab.home, 'environments');
    const files = readdirSync(environments).map((key) => join(environments, key, 'npmrc'));
    const before = files.map((file) => readFileSync(file, 'utf8'));
    for (const file of files) writeFileSync(file, 'registry=https://of-old.test/\n');
    await lab.restartAgent();
    for (const code of ['NPM', 'STRICT']) await lab.until(await lab.addTask(code), 'ended');
    expect([files.length, files.map((file) => readFileSync(file, 'utf8'))]).toEqual([2, before]);
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
