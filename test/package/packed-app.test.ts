import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import { type Installed, type StartedApp, startApp, unpackDeb } from './packed-app.ts';

const POLL = { timeout: 60_000, interval: 250 };

describe('the package', () => {
  let installed: Installed;
  let dir: string;
  beforeAll(() => {
    installed = unpackDeb();
    dir = mkdtempSync(join(tmpdir(), 'kubot packed é-'));
  });
  afterAll(async () => {
    await installed?.remove();
    if (dir) await removeTree(dir);
  });

  const kubot = (...args: string[]) =>
    spawnSync(installed.kubotPath, args, {
      encoding: 'utf8',
      // No Node and nothing of a checkout to fall back to.
      env: { PATH: '/usr/bin:/bin', HOME: dir, KUBOT_HOME: join(dir, 'home') },
    });

  test('carries a command line on a Node of its own', () => {
    expect(kubot('--version')).toMatchObject({ status: 0, stdout: `${packageJson.version}\n`, stderr: '' });
    const { checks } = JSON.parse(kubot('doctor', '--json').stdout) as {
      checks: { id: string; message: string }[];
    };
    expect(checks.find(({ id }) => id === 'node')).toMatchObject({
      ok: true,
      message: `Node.js ${process.versions.node}, ${join(installed.dir, 'opt/KuBot Runner/resources/node')}.`,
    });
  });

  test('holds no sources, no maps and no library twice', () => {
    const unpacked = join(installed.dir, 'opt/KuBot Runner/resources/app.asar.unpacked');
    const files = readdirSync(unpacked, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => /\.(map|ts|mts)$|node-linux|musl/.test(file))).toEqual([]);
  });

  test('puts kubot on the PATH and an entry in the menu that opens its links', () => {
    const read = (path: string) => spawnSync('cat', [join(installed.dir, path)], { encoding: 'utf8' }).stdout;
    expect(read('usr/bin/kubot')).toContain('exec "/opt/KuBot Runner/resources/bin/kubot" "$@"');
    const entry = read('usr/share/applications/kubot-runner.desktop');
    expect(entry).toMatch(/^Exec="\/opt\/KuBot Runner\/kubot-runner" .*%U$/m);
    expect(entry).toMatch(/^MimeType=x-scheme-handler\/kubot-runner;$/m);
  });

  test('is no Node for whoever asks it to be one', () => {
    const asNode = spawnSync(installed.appPath, ['-e', 'console.log("ran")'], {
      encoding: 'utf8',
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', DISPLAY: '' },
      timeout: 20_000,
    });
    expect(asNode.stdout).not.toContain('ran');
    const fuses = spawnSync(
      process.execPath,
      ['node_modules/@electron/fuses/dist/bin.js', 'read', '--app', installed.appPath],
      { encoding: 'utf8' },
    ).stdout;
    expect(fuses).toMatch(/RunAsNode is Disabled/);
    expect(fuses).toMatch(/EnableNodeOptionsEnvironmentVariable is Disabled/);
    expect(fuses).toMatch(/EnableNodeCliInspectArguments is Disabled/);
    expect(fuses).toMatch(/OnlyLoadAppFromAsar is Enabled/);
    expect(fuses).toMatch(/EnableEmbeddedAsarIntegrityValidation is Enabled/);
  });

  describe('started', () => {
    let app: StartedApp;
    beforeAll(async () => {
      app = await startApp(installed.appPath, { home: join(dir, 'demo'), args: ['--demo'] });
    });
    afterAll(() => app?.quit());

    test('shows a demo whose runs complete', async () => {
      await expect.poll(() => app.text(), POLL).toContain('Connected, nothing to do');
      await app.evaluate(`location.hash = '#/runs'`);
      await expect.poll(() => app.text(), POLL).toMatch(/Succeeded/);
    });

    test('runs its agent on the Node that it carries', async () => {
      const agents = () =>
        spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
          .stdout.split('\n')
          .filter((line) => line.includes('demo --stay') && line.includes(dir));
      await expect
        .poll(agents, POLL)
        .toEqual([expect.stringContaining(`${installed.dir}/opt/KuBot Runner/resources/node `)]);
    });
  });
});
