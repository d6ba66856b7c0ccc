import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { createKuFlowClient } from '../../src/agent/kuflow/create-client.ts';
import { detectContainment } from '../../src/agent/process/containment.ts';
import { createRunCommand } from '../../src/agent/process/create-run-command.ts';
import { createRuntimeStore } from '../../src/agent/runtimes/runtime-store.ts';
import { errorText } from '../driver.ts';
import { timed } from '../measure.ts';
import { silentLog } from '../silent-log.ts';

// Downloads and installs a runtime into a new folder: as we do it, or with fetch and the npm package `tar`.

export interface InstallJob {
  way: 'ours' | 'script';
  dir: string;
  endpoint: string;
  credentials: { clientId: string; clientSecret: string };
  robotId: string;
  version: string;
  /** Of the asset, for the script. */
  url: string;
}

const MINUTE_MS = 60_000;

process.on('message', async (job: InstallJob) => {
  try {
    process.send?.({ ms: await timed(() => (job.way === 'ours' ? ours(job) : script(job))) });
  } catch (error) {
    process.send?.({ error: errorText(error) });
  }
});
process.on('disconnect', () => process.exit());

/** Downloaded to disk and hashed, unpacked by our rules, tried with --version, made read-only, remembered. */
async function ours({ dir, endpoint, credentials, robotId, version }: InstallJob): Promise<void> {
  const client = createKuFlowClient({ endpoint, credentials, log: silentLog });
  const runtimes = createRuntimeStore({
    dir,
    openAsset: (request) => client.openRobotAsset(request),
    runCommand: createRunCommand({ containment: await detectContainment() }),
    limits: { maxEntries: 40_000, maxTotalBytes: 1.5 * 1024 ** 3 },
    downloadTimeoutMs: MINUTE_MS,
    downloadIdleTimeoutMs: MINUTE_MS,
    localRuntimes: {},
    platform: process.platform,
    arch: process.arch,
  });
  const { signal } = new AbortController();
  const installed = await runtimes.ensureRuntime({ robotId, kind: 'nodejs', version, signal });
  if (installed.version !== version) throw new Error(`${installed.version} was installed`);
}

async function script({ dir, url, credentials }: InstallJob): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const { clientId, clientSecret } = credentials;
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const { body, status } = await fetch(url, { headers: { authorization } });
  if (body === null || status !== 200) throw new Error(`${url}: ${status}`);
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const archivePath = join(dir, 'archive.tar.gz');
  await pipeline(Readable.fromWeb(body as never), hashing, createWriteStream(archivePath));
  hash.digest('hex');
  await extract({ file: archivePath, cwd: dir });
}
