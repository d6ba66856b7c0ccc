import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packArchive } from '../../src/platform/assets/pack-archive.ts';
import { Driver } from '../driver.ts';
import type { InstallJob } from '../drivers/install-runtime.ts';
import { CODE, startBenchPlatform } from '../host.ts';
import { atMostTimes, type Row } from '../measure.ts';
import { writeTree } from '../sample-tree.ts';
import { startTimer } from '../timer.ts';
import { quoted, withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const FILES = 5600;
const FILE_BYTES = 3000;
const VERSION = process.versions.node;

/** A runtime of 5,600 files, from the platform to a folder that robots share. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const archivePath = await packRuntime(workbench.folder('runtime'));
  const asset = { path: archivePath, lengthBytes: statSync(archivePath).size, version: VERSION };
  const manifest = `operations:\n  - name: Run\n    shell: node -v\ntools:\n  nodejs: ${VERSION}\n`;
  const platform = await startBenchPlatform(
    workbench,
    { 'kubot.yaml': manifest },
    { find: async () => asset },
  );
  const { clientId, clientSecret } = platform;
  const robotId = await robotIdOf(platform);
  const query = 'type=NODEJS&platform=LINUX&architecture=X86_64';
  const url = `${platform.url}/v2024-06-14/robots/${robotId}/~actions/download-asset?${query}&version=${VERSION}`;
  const timer = startTimer(workbench);
  const driver = new Driver(workbench.fork('drivers/install-runtime.ts'));
  const credentials = { clientId, clientSecret };
  const install = async (way: InstallJob['way']) => {
    const dir = workbench.folder('installed');
    const job: InstallJob = { way, dir, endpoint: platform.url, credentials, robotId, version: VERSION, url };
    const { ms } = await driver.ask(job);
    removeInterpreters(dir);
    return ms;
  };
  const download = ['curl', '-sSf', '-u', `${clientId}:${clientSecret}`, url];
  return [
    {
      name: 'runtime install',
      unit: 'ms',
      limit: withTools(['curl', 'tar', 'sh'], {
        name: '`curl | tar xz`, with nothing checked',
        round: async () => {
          const dir = workbench.folder('installed');
          const ms = await timer.timeShell(`${quoted(download)} | tar xz -C ${quoted([dir])}`);
          removeInterpreters(dir);
          return ms;
        },
      }),
      plain: {
        name: 'Node with fetch to a hashed file, then the npm package `tar`',
        round: () => install('script'),
      },
      ours: {
        name: 'the runtime store: downloaded, hashed, judged, unpacked, tried, made read-only',
        round: () => install('ours'),
      },
      goal: atMostTimes(1.2, 'limit', '`curl | tar xz`'),
      rounds: 3,
      close: async () => {
        await driver.close();
        await timer.close();
        await platform.close();
      },
    },
  ];
}

/** The large file of each installation; the many small ones stay, see workbench.ts. */
function removeInterpreters(dir: string): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (/[\\/]bin[\\/]node(\.exe)?$/.test(name)) rmSync(join(dir, name));
  }
}

/** Like the official archive of Node.js: the interpreter and many small files; about 50 MB. */
async function packRuntime(dir: string): Promise<string> {
  const root = `node-v${VERSION}`;
  mkdirSync(join(dir, root, 'bin'), { recursive: true });
  copyFileSync(process.execPath, join(dir, root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'));
  writeTree(join(dir, root, 'lib'), FILES, FILE_BYTES);
  const archivePath = join(dir, 'runtime.tar.gz');
  await packArchive(dir, root, archivePath);
  return archivePath;
}

async function robotIdOf({ url, clientId, clientSecret }: Awaited<ReturnType<typeof startBenchPlatform>>) {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const response = await fetch(`${url}/v2024-06-14/robots`, { headers: { authorization } });
  const { content } = (await response.json()) as { content: { id: string; code: string }[] };
  const robot = content.find(({ code }) => code === CODE);
  if (!robot) throw new Error('The platform has no robot');
  return robot.id;
}
