import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { type DownloadProgress, downloadToFile, type OpenDownload } from '../packages/download.ts';
import type { RunCommand } from '../process/run-command.ts';
import { type AssetTarget, assetTarget } from './asset-request.ts';
import { extractRuntime, type RuntimeLimits, runtimeRoot } from './extract-runtime.ts';
import { findLayout, type RuntimeKind, type RuntimeLayout } from './runtime-layout.ts';

export type { RuntimeKind };

export type OpenAsset = (request: {
  robotId: string;
  type: 'PYTHON' | 'PYTHON_PIP' | 'NODEJS';
  version: string;
  platform: AssetTarget['platform'];
  architecture: AssetTarget['architecture'];
}) => OpenDownload;

export interface InstalledRuntime extends RuntimeLayout {
  kind: RuntimeKind;
  /** As the manifest asks. */
  requestedVersion: string;
  /** As it says of itself. */
  version: string;
  /** SHA-256 of its archive, hex; of a local runtime, of its path. */
  digest: string;
  root: string;
}

export interface RuntimeRequest {
  /** Assets are asked for by robot. */
  robotId: string;
  kind: RuntimeKind;
  version: string;
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

export interface RuntimeStore {
  /**
   * A runtime, installed once for all robots that name it.
   * @throws AgentError RUNTIME_UNAVAILABLE when the platform has none; HOST_ARCHITECTURE, HOST_ARCHIVE_FORMAT,
   *   RUNTIME_BROKEN, HOST_DISK or of the network when this host cannot have it
   */
  ensureRuntime(request: RuntimeRequest): Promise<InstalledRuntime>;
  /** Removes what a crash left half made. */
  sweep(): Promise<void>;
}

export interface RuntimeStoreOptions {
  dir: string;
  openAsset: OpenAsset;
  runCommand: RunCommand;
  limits: RuntimeLimits;
  downloadTimeoutMs: number;
  downloadIdleTimeoutMs: number;
  /** Version → folder, for machines that the platform has no runtimes for. */
  localRuntimes: { python?: Record<string, string> | undefined; nodejs?: Record<string, string> | undefined };
  platform: NodeJS.Platform;
  arch: string;
}

const IndexSchema = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/), version: z.string() });
const PROBE_TIMEOUT_MS = 30_000;

/** Runtimes by the hash of their archives, and an index of what was asked for. */
export function createRuntimeStore(options: RuntimeStoreOptions): RuntimeStore {
  const { dir } = options;
  const making = new Map<string, Promise<InstalledRuntime>>();

  async function ensure(request: RuntimeRequest): Promise<InstalledRuntime> {
    const local = options.localRuntimes[request.kind]?.[request.version];
    if (local !== undefined) return await openLocal(request, local);
    const target = assetTarget(options.platform, options.arch);
    if ('unsupported' in target) throw new AgentError('HOST_ARCHITECTURE', target.unsupported);
    const key = `${request.kind}-${request.version}-${target.platform}-${target.architecture}`;
    const indexPath = join(dir, 'index', `${key}.json`);
    const known = await readIndex(indexPath);
    const found = known && (await layoutOf(request, known.digest));
    if (known && found) return { ...found, ...describe(request, known.digest), version: known.version };
    const digest = await install(request, target, key);
    const layout = await layoutOf(request, digest);
    if (!layout) {
      throw new AgentError(
        'HOST_ARCHIVE_FORMAT',
        `What the platform serves as ${nameOf(request)} holds no interpreter.`,
      );
    }
    const version = await probe(request, layout);
    await mkdir(join(dir, 'index'), { recursive: true, mode: 0o700 });
    await writeFile(`${indexPath}.partial`, JSON.stringify({ digest, version }), { mode: 0o600 });
    await rename(`${indexPath}.partial`, indexPath);
    return { ...layout, ...describe(request, digest), version };
  }

  async function install(request: RuntimeRequest, target: AssetTarget, key: string): Promise<string> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const archivePath = join(dir, `.download-${process.pid}-${key}`);
    try {
      const { sha256 } = await downloadToFile({
        open: opened(request, target),
        path: archivePath,
        what: nameOf(request),
        maxBytes: options.limits.maxTotalBytes,
        timeoutMs: options.downloadTimeoutMs,
        idleTimeoutMs: options.downloadIdleTimeoutMs,
        signal: request.signal,
        ...(request.onProgress && { onProgress: request.onProgress }),
      });
      const targetDir = join(dir, sha256);
      if (!(await stat(targetDir).catch(() => null))) {
        await extractRuntime({
          archivePath,
          targetDir,
          what: nameOf(request),
          limits: options.limits,
          signal: request.signal,
        });
      }
      return sha256;
    } finally {
      await rm(archivePath, { force: true });
    }
  }

  function opened(request: RuntimeRequest, target: AssetTarget): OpenDownload {
    const open = options.openAsset({
      robotId: request.robotId,
      type: request.kind === 'python' ? 'PYTHON' : 'NODEJS',
      version: request.version,
      platform: target.platform,
      architecture: target.architecture,
    });
    return async (download) => {
      try {
        return await open(download);
      } catch (error) {
        if (!isAgentError(error) || error.details?.status !== 404) throw error;
        throw new AgentError(
          'RUNTIME_UNAVAILABLE',
          `kubot.yaml asks for ${nameOf(request)}, which the platform does not have for ${target.platform} ${target.architecture}.`,
          { details: { kind: request.kind, version: request.version }, cause: error },
        );
      }
    };
  }

  async function layoutOf(
    request: RuntimeRequest,
    digest: string,
  ): Promise<(RuntimeLayout & { root: string }) | undefined> {
    const unpacked = join(dir, digest);
    if (!(await stat(unpacked).catch(() => null))) return undefined;
    const root = await runtimeRoot(unpacked);
    const layout = findLayout(request.kind, root, options.platform);
    return layout && { ...layout, root };
  }

  async function openLocal(request: RuntimeRequest, root: string): Promise<InstalledRuntime> {
    const layout = findLayout(request.kind, root, options.platform);
    if (!layout)
      throw new AgentError(
        'RUNTIME_BROKEN',
        `localRuntimes names ${root}, which holds no ${nameOf(request)}.`,
      );
    const digest = Buffer.from(root).toString('hex').padEnd(64, '0').slice(-64);
    return { ...layout, root, ...describe(request, digest), version: await probe(request, layout) };
  }

  /** Its own word for its version, which also proves that it runs here. */
  async function probe(request: RuntimeRequest, layout: RuntimeLayout): Promise<string> {
    let output = '';
    const result = await options
      .runCommand({
        shell: { file: layout.executable, args: ['--version'] },
        cwd: layout.binDir,
        env: { PATH: '/usr/bin:/bin', HOME: layout.binDir },
        timeoutMs: PROBE_TIMEOUT_MS,
        signal: request.signal,
        onOutput: (_stream, chunk) => {
          output += chunk.toString('utf8');
        },
      })
      .catch((error: unknown) => ({ exitCode: null, signal: null, timedOut: false, error }));
    const version = /(\d+\.\d+\.\d+\S*)/.exec(output)?.[1];
    if (result.exitCode === 0 && version !== undefined) return version.replace(/^v/, '');
    const reason =
      output.trim().split('\n').at(-1) || `exit code ${result.exitCode ?? result.signal ?? 'unknown'}`;
    throw new AgentError(
      'RUNTIME_BROKEN',
      `${nameOf(request)} was installed but does not run here: ${reason}.`,
    );
  }

  return {
    ensureRuntime: (request) => {
      const key = `${request.kind}/${request.version}`;
      const going = making.get(key);
      if (going) return going;
      const made = ensure(request).finally(() => making.delete(key));
      making.set(key, made);
      return made;
    },
    sweep: async () => {
      for (const name of await readdir(dir).catch(() => [])) {
        if (/^\.(download-|.*\.partial-)/.test(name))
          await rm(join(dir, name), { recursive: true, force: true });
      }
    },
  };
}

function describe(request: RuntimeRequest, digest: string) {
  return { kind: request.kind, requestedVersion: request.version, digest };
}

function nameOf({ kind, version }: Pick<RuntimeRequest, 'kind' | 'version'>): string {
  return `${kind === 'python' ? 'Python' : 'Node.js'} ${version}`;
}

async function readIndex(path: string): Promise<z.infer<typeof IndexSchema> | null> {
  try {
    return IndexSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null; // not there, or not ours: made anew
  }
}
