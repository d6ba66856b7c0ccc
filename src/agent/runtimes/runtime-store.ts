import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { DownloadProgress } from '../packages/download.ts';
import type { RunCommand } from '../process/run-command.ts';
import { type AssetTarget, assetTarget } from './asset-request.ts';
import { AssetStore, type OpenAsset, type StoredAsset } from './asset-store.ts';
import { compileModules } from './compile-python.ts';
import { type RuntimeLimits, runtimeRoot } from './extract-runtime.ts';
import { type PythonModules, probePythonModules, probeVersion } from './probe-runtime.ts';
import { findLayout, type RuntimeKind, type RuntimeLayout } from './runtime-layout.ts';
import { protectTree } from './shared-files.ts';

export type { OpenAsset, RuntimeKind };

export interface InstalledRuntime extends RuntimeLayout {
  kind: RuntimeKind;
  /** As the manifest asks. */
  requestedVersion: string;
  /** As it says of itself. */
  version: string;
  /** SHA-256 of its archive, hex; of a local runtime, of its path and version. */
  digest: string;
  root: string;
  /** Python: which of its own tools it has. null for others. */
  modules: PythonModules | null;
  /** PYTHON_PIP unpacked, where the runtime has neither pip nor ensurepip. */
  pipDir: string | null;
}

export interface RuntimeRequest {
  /** Assets are asked for by robot. */
  robotId: string;
  kind: RuntimeKind;
  version: string;
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
  /** Told when the runtime is emulated here. */
  warn?: (message: string) => void;
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
  /** Version asked for with PYTHON_PIP; absent or null: the Python version. */
  pipVersion?: string | null;
  platform: NodeJS.Platform;
  arch: string;
  /** What programs of this system cannot start without, such as SystemRoot; PATH is added where it lacks. */
  toolVariables?: Record<string, string>;
}

const ModulesSchema = z.object({ venv: z.boolean(), ensurepip: z.boolean(), pip: z.boolean() });
const FactsSchema = z.object({ version: z.string(), modules: ModulesSchema.nullable() });
type Facts = z.infer<typeof FactsSchema>;

/** Runtimes by the hash of their archives, and an index of what was asked for. */
export function createRuntimeStore(options: RuntimeStoreOptions): RuntimeStore {
  const assets = new AssetStore(options);
  const making = new Map<string, Promise<InstalledRuntime>>();

  async function ensure(request: RuntimeRequest): Promise<InstalledRuntime> {
    const local = options.localRuntimes[request.kind]?.[request.version];
    if (local !== undefined) return await openLocal(request, local);
    const target = assetTarget(options.platform, options.arch);
    if ('unsupported' in target) throw new AgentError('HOST_ARCHITECTURE', target.unsupported);
    if (target.note !== null) request.warn?.(target.note);
    const type = request.kind === 'python' ? 'PYTHON' : 'NODEJS';
    const { version } = request;
    const stored = await assets.find({ type, version, target });
    const known = stored && FactsSchema.safeParse(stored.facts).data;
    const found = stored && (await layoutOf(request, stored));
    if (stored && known && found) return await complete(request, target, stored.digest, found, known);
    const asset = await assets.fetch({
      type,
      target,
      what: nameOf(request),
      askedBy: `kubot.yaml asks for ${nameOf(request)}`,
      ...request,
    });
    try {
      const layout = await layoutOf(request, asset);
      if (!layout) {
        throw new AgentError(
          'HOST_ARCHIVE_FORMAT',
          `What the platform serves as ${nameOf(request)} holds no ${request.kind === 'python' ? 'Python' : 'Node.js'} interpreter.`,
        );
      }
      const facts = await factsOf(request, layout);
      if (request.kind === 'python') await compileModules(tool(request, layout), [layout.root]);
      protectTree(asset.dir);
      await assets.remember({ type, version, target }, { ...asset, facts });
      return await complete(request, target, asset.digest, layout, facts);
    } catch (error) {
      if (isAgentError(error) && /^(HOST_ARCHIVE_FORMAT|RUNTIME_BROKEN)$/.test(error.code)) {
        await assets.forget(asset);
      }
      throw error;
    }
  }

  async function complete(
    request: RuntimeRequest,
    target: AssetTarget,
    digest: string,
    layout: RuntimeLayout & { root: string },
    facts: Facts,
  ): Promise<InstalledRuntime> {
    const { kind, version } = request;
    const { modules } = facts;
    const pipDir = modules && !modules.pip && !modules.ensurepip ? await pipFor(request, target) : null;
    return { ...layout, ...facts, kind, requestedVersion: version, digest, pipDir };
  }

  /** The platform's pip, for a Python that brings none. */
  async function pipFor(request: RuntimeRequest, target: AssetTarget): Promise<string> {
    const version = options.pipVersion ?? request.version;
    const wanted = { type: 'PYTHON_PIP', version, target } as const;
    const stored = await assets.find(wanted);
    if (stored) return stored.dir;
    const asset = await assets.fetch({
      ...wanted,
      robotId: request.robotId,
      what: `pip ${version}`,
      askedBy: `${nameOf(request)} brings no pip of its own`,
      signal: request.signal,
      ...(request.onProgress && { onProgress: request.onProgress }),
    });
    await assets.remember(wanted, asset);
    return asset.dir;
  }

  async function layoutOf(
    request: RuntimeRequest,
    asset: StoredAsset,
  ): Promise<(RuntimeLayout & { root: string }) | undefined> {
    const root = await runtimeRoot(asset.dir);
    const layout = findLayout(request.kind, root, options.platform);
    return layout && { ...layout, root };
  }

  async function openLocal(request: RuntimeRequest, root: string): Promise<InstalledRuntime> {
    const layout = findLayout(request.kind, root, options.platform);
    if (!layout) {
      throw new AgentError(
        'RUNTIME_BROKEN',
        `localRuntimes names ${root}, which holds no ${nameOf(request)}.`,
        {
          hint: 'Name the folder that has bin/python3 or bin/node in it.',
        },
      );
    }
    const facts = await factsOf(request, layout);
    const { kind, version } = request;
    const digest = createHash('sha256')
      .update(JSON.stringify([root, facts.version]))
      .digest('hex');
    return { ...layout, root, ...facts, kind, requestedVersion: version, digest, pipDir: null };
  }

  async function factsOf(request: RuntimeRequest, layout: RuntimeLayout): Promise<Facts> {
    const probe = { ...layout, ...tool(request, layout), kind: request.kind };
    return {
      version: await probeVersion(probe),
      modules: request.kind === 'python' ? await probePythonModules(probe) : null,
    };
  }

  function tool(request: RuntimeRequest, layout: RuntimeLayout) {
    return {
      executable: layout.executable,
      what: nameOf(request),
      runCommand: options.runCommand,
      cwd: layout.binDir,
      env: { PATH: '/usr/bin:/bin', HOME: layout.binDir, ...options.toolVariables },
      signal: request.signal,
    };
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
    sweep: () => assets.sweep(),
  };
}

function nameOf({ kind, version }: Pick<RuntimeRequest, 'kind' | 'version'>): string {
  return `${kind === 'python' ? 'Python' : 'Node.js'} ${version}`;
}
