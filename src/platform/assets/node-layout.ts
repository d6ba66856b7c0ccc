import { chmod, copyFile, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetRequest } from '../asset-provider.ts';
import { runTool } from '../spawn-tool.ts';

/** The operating system and processor as Node.js names them in its archives and packages. */
export function nodeTarget({ platform, architecture }: Pick<AssetRequest, 'platform' | 'architecture'>): {
  readonly os: 'linux' | 'darwin' | 'win';
  readonly arch: 'x64' | 'x86';
} {
  return {
    os: ({ LINUX: 'linux', MAC_OS: 'darwin', WINDOWS: 'win' } as const)[platform],
    arch: architecture === 'X86_64' ? 'x64' : 'x86',
  };
}

/** True when programs for this platform and architecture run on this machine. */
export function isThisHost(request: Pick<AssetRequest, 'platform' | 'architecture'>): boolean {
  const { os, arch } = nodeTarget(request);
  const hostOs = process.platform === 'win32' ? 'win' : process.platform;
  return os === hostOs && (process.arch === arch || (process.arch === 'ia32' && arch === 'x86'));
}

/** The folders of the official archive, before they are filled. */
export interface NodeLayout {
  readonly rootName: string;
  readonly rootDir: string;
  readonly nodePath: string;
  readonly npmDir: string;
}

/** Makes the empty folders of the official archive of a Node.js version in `stageDir`. */
export async function createNodeLayout(
  stageDir: string,
  request: AssetRequest,
  version: string,
): Promise<NodeLayout> {
  const { os, arch } = nodeTarget(request);
  const rootName = `node-v${version}-${os}-${arch}`;
  const rootDir = join(stageDir, rootName);
  const layout =
    os === 'win'
      ? { nodePath: join(rootDir, 'node.exe'), npmDir: join(rootDir, 'node_modules', 'npm') }
      : { nodePath: join(rootDir, 'bin', 'node'), npmDir: join(rootDir, 'lib', 'node_modules', 'npm') };
  await mkdir(join(layout.nodePath, '..'), { recursive: true });
  await mkdir(layout.npmDir, { recursive: true });
  return { rootName, rootDir, ...layout };
}

/** Puts the commands npm and npx where the official archive has them, and proves the whole if it can run here. */
export async function finishNodeLayout(
  layout: NodeLayout,
  request: AssetRequest,
  version: string,
): Promise<void> {
  if (request.platform === 'WINDOWS') {
    for (const name of ['npm', 'npm.cmd', 'npx', 'npx.cmd']) {
      await copyFile(join(layout.npmDir, 'bin', name), join(layout.rootDir, name));
    }
  } else {
    await chmod(layout.nodePath, 0o755);
    for (const name of ['npm', 'npx']) {
      await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(layout.rootDir, 'bin', name));
    }
  }
  if (isThisHost(request)) await proveNode(layout, version);
}

/** Takes the interpreter out of an unpacked `node-<os>-<arch>` package. Headers and man pages stay behind. */
export async function adoptNodePackage(packageDir: string, layout: NodeLayout): Promise<void> {
  const name = layout.nodePath.endsWith('.exe') ? 'node.exe' : 'node';
  await rename(join(packageDir, 'bin', name), layout.nodePath);
  for (const page of ['LICENSE', 'README.md', 'CHANGELOG.md']) {
    await rename(join(packageDir, page), join(layout.rootDir, page)).catch(() => undefined);
  }
  await rm(packageDir, { recursive: true, force: true });
}

async function proveNode({ nodePath, npmDir, rootDir }: NodeLayout, version: string): Promise<void> {
  const options = {
    environment: { PATH: join(nodePath, '..'), HOME: join(rootDir, '..') },
    timeoutMs: 60_000,
  };
  const node = await runTool(nodePath, ['--version'], options);
  if (node.stdout.trim() !== `v${version}`) {
    throw new Error(`Node.js ${version} does not run on this machine: ${node.stderr.trim()}`);
  }
  // npm leaves a log in its home: that is the stage folder, not the archive.
  const npm = await runTool(nodePath, [join(npmDir, 'bin', 'npm-cli.js'), '--version'], options);
  if (npm.exitCode !== 0) throw new Error(`npm does not run with Node.js ${version}: ${npm.stderr.trim()}`);
}
