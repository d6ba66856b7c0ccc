import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import type { DownloadProgress } from '../packages/download.ts';
import type { RunCommand } from '../process/run-command.ts';
import { type AssetTarget, assetTarget } from './asset-request.ts';
import { AssetStore, type OpenAsset, PIP_SCRIPT } from './asset-store.ts';
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
type FoundLayout = RuntimeLayout & { root: string };

/** Runtimes by the hash of their archives, and an index of what was asked for. */
export function createRuntimeStore(options: RuntimeStoreOptions): RuntimeStore {
  const runtimes = new AssetStore(options, FactsSchema);
  const pips = new AssetStore(options, z.object({}));
  const making = new Map<string, Promise<InstalledRuntime>>();
  const target = assetTarget(options.platform, options.arch);
  const localOf = ({ kind, version }: RuntimeRequest) => options.localRuntimes[kind]?.[version];

  async function ensure(request: RuntimeRequest): Promise<InstalledRuntime> {
    const local = localOf(request);
    if (local !== undefined) return await openLocal(request, local);
    if ('unsupported' in target) throw new AgentError('HOST_ARCHITECTURE', target.unsupported);
    const name = {
      type: request.kind === 'python' ? 'PYTHON' : 'NODEJS',
      version: request.version,
      target,
    } as const;
    const stored = await runtimes.find(name);
    const found = stored && (await layoutOf(request, stored.dir));
    if (stored && found) return await complete(request, stored, found);
    if (stored) await runtimes.forget(name.type, stored);
    const what = nameOf(request);
    const asset = await runtimes.fetch(
      { ...request, ...name, what, askedBy: `kubot.yaml asks for ${what}` },
      (dir) => finish(request, dir),
    );
    return await complete(request, asset, await demandLayout(request, asset.dir));
  }

  /** Proves a runtime by its own word and readies it for all that will share it. */
  async function finish(request: RuntimeRequest, dir: string): Promise<Facts> {
    const layout = await demandLayout(request, dir);
    const facts = await factsOf(request, layout);
    if (request.kind === 'python') await compileModules(tool(request, layout), [layout.root]);
    protectTree(dir);
    return facts;
  }

  async function complete(
    request: RuntimeRequest,
    { digest, facts }: { digest: string; facts: Facts },
    layout: FoundLayout,
  ): Promise<InstalledRuntime> {
    const { kind, version } = request;
    const { modules } = facts;
    const lacksPip = modules !== null && !modules.pip && !modules.ensurepip;
    const pipDir = lacksPip && !('unsupported' in target) ? await pipFor(request, target) : null;
    return { ...layout, ...facts, kind, requestedVersion: version, digest, pipDir };
  }

  /** The platform's pip, for a Python that brings none. */
  async function pipFor(request: RuntimeRequest, target: AssetTarget): Promise<string> {
    const version = options.pipVersion ?? request.version;
    const name = { type: 'PYTHON_PIP', version, target } as const;
    const what = `pip ${version}`;
    const askedBy = `${nameOf(request)} brings no pip of its own`;
    const stored = await pips.find(name);
    const pip =
      stored ?? (await pips.fetch({ ...request, ...name, what, askedBy }, (dir) => finishPip(what, dir)));
    return pip.dir;
  }

  async function demandLayout(request: RuntimeRequest, dir: string): Promise<FoundLayout> {
    const layout = await layoutOf(request, dir);
    if (layout) return layout;
    throw new AgentError(
      'HOST_ARCHIVE_FORMAT',
      `What the platform serves as ${nameOf(request)} holds no ${request.kind === 'python' ? 'Python' : 'Node.js'} interpreter.`,
      { hint: 'Serve an official build of the runtime.' },
    );
  }

  async function layoutOf(request: RuntimeRequest, dir: string): Promise<FoundLayout | undefined> {
    const root = await runtimeRoot(dir);
    const layout = findLayout(request.kind, root, options.platform);
    return layout && { ...layout, root };
  }

  async function openLocal(request: RuntimeRequest, root: string): Promise<InstalledRuntime> {
    const layout = findLayout(request.kind, root, options.platform);
    if (!layout) {
      throw new AgentError(
        'RUNTIME_BROKEN',
        `localRuntimes names ${root}, which holds no ${nameOf(request)}.`,
        { hint: 'Name the folder that has bin/python3 or bin/node in it.' },
      );
    }
    const facts = await factsOf(request, layout);
    if (facts.modules?.venv === false && !layout.embeddable) {
      throw new AgentError(
        'RUNTIME_BROKEN',
        `The ${nameOf(request)} that localRuntimes names in ${root} has no venv module.`,
        { hint: "Install it; Debian's is in the package python3-venv." },
      );
    }
    const digest = createHash('sha256')
      .update(JSON.stringify([root, facts.version]))
      .digest('hex');
    return await complete(request, { digest, facts }, { ...layout, root });
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
      if (localOf(request) === undefined && 'note' in target && target.note !== null)
        request.warn?.(target.note);
      const key = `${request.kind}/${request.version}`;
      const going = making.get(key);
      if (going) return going;
      const made = ensure(request).finally(() => making.delete(key));
      making.set(key, made);
      return made;
    },
    sweep: () => runtimes.sweep(),
  };
}

function nameOf({ kind, version }: Pick<RuntimeRequest, 'kind' | 'version'>): string {
  return `${kind === 'python' ? 'Python' : 'Node.js'} ${version}`;
}

/** @throws AgentError HOST_ARCHIVE_FORMAT */
async function finishPip(what: string, dir: string): Promise<Record<string, never>> {
  const files = await readdir(dir);
  if (!files.includes('pip') && !files.includes(PIP_SCRIPT)) {
    throw new AgentError(
      'HOST_ARCHIVE_FORMAT',
      `What the platform serves as ${what} is neither pip's wheel, its zipapp nor get-pip.py.`,
      { hint: "Serve pip's wheel." },
    );
  }
  protectTree(dir);
  return {};
}
