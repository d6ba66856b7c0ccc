import { gzipSync } from 'node:zlib';
import type { OpenAsset } from '../../../../src/agent/runtimes/asset-store.ts';
import {
  createRuntimeStore,
  type RuntimeStoreOptions,
} from '../../../../src/agent/runtimes/runtime-store.ts';
import { AgentError } from '../../../../src/shared/errors.ts';
import { script, tarOf } from '../../../helpers/tar-of.ts';
import { runCommand } from './make-tree.ts';

/** What a platform has, by "NODEJS 20.11.1", and what it was asked for. */
export class FakeAssets {
  readonly archives: Record<string, Buffer>;
  readonly asked: string[] = [];

  constructor(archives: Record<string, Buffer>) {
    this.archives = archives;
  }

  readonly open: OpenAsset =
    ({ type, version, platform, architecture }) =>
    async ({ signal }) => {
      this.asked.push(`${type} ${version} ${platform} ${architecture}`);
      signal.throwIfAborted();
      const archive = this.archives[`${type} ${version}`];
      if (!archive) {
        throw new AgentError('PLATFORM_REFUSED', 'Not found.', { details: { status: 404 } });
      }
      const { status, headers, body } = new Response(new Uint8Array(archive));
      return { status, headers, body };
    };
}

/** The official layout, with a shell script for an interpreter. */
export function nodeArchive(version: string, ...lines: string[]): Buffer {
  const root = `node-v${version}-linux-x64`;
  return gzipSync(
    tarOf([
      script(`${root}/bin/node`, ...(lines.length > 0 ? lines : [`echo v${version}`])),
      { path: `${root}/lib/node_modules/npm/bin/npm-cli.js`, content: 'npm' },
    ]),
  );
}

/** python-build-standalone's layout; `tools` are those of venv, ensurepip and pip that it has. */
export function pythonArchive(version: string, tools: string): Buffer {
  return gzipSync(
    tarOf([
      script(
        'python/bin/python3',
        'case "$1" in',
        `  --version) echo Python ${version} ;;`,
        `  -I) echo ${tools} ;;`,
        '  *) echo "$@" >> "$(dirname "$0")/../calls" ;;',
        'esac',
      ),
      { path: 'python/lib/python3.11/os.py' },
    ]),
  );
}

export function runtimeStore(dir: string, assets: FakeAssets, more: Partial<RuntimeStoreOptions> = {}) {
  return createRuntimeStore({
    dir,
    openAsset: assets.open,
    runCommand,
    limits: { maxEntries: 1000, maxTotalBytes: 10 * 1024 ** 2 },
    downloadTimeoutMs: 60_000,
    downloadIdleTimeoutMs: 60_000,
    localRuntimes: {},
    platform: 'linux',
    arch: 'x64',
    ...more,
  });
}

export function request(kind: 'python' | 'nodejs', version: string, signal = new AbortController().signal) {
  return { robotId: 'robot', kind, version, signal };
}
