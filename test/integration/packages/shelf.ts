import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import {
  createPackageStore,
  type PackageRequest,
  type PackageStore,
  type SourceFile,
} from '../../../src/agent/packages/package-store.ts';
import { makeZip, PACKAGE_LIMITS, type ZipEntrySpec } from '../../helpers/make-zip.ts';
import { createMemoryLog, startRawServer } from '../../helpers/raw-server.ts';

export const MANIFEST: ZipEntrySpec = {
  name: 'kubot.yaml',
  content: 'operations: [{ name: Run, shell: node robot.mjs }]\n',
};
export const ROBOT_ZIP = makeZip([MANIFEST, { name: 'robot.mjs', content: 'console.log(1)\n' }]);
/** A server with packages by robot, and a store that gets them with the agent's own client. */
export interface Shelf {
  readonly url: string;
  /** Folder of the store. */
  readonly dir: string;
  /** Robots whose package was asked for, oldest first. */
  readonly asked: string[];
  readonly store: PackageStore;
  /** A store in the same folder, as after a restart. */
  reopen(): PackageStore;
  /** Puts a package there; null: the connection is dropped. */
  put(robotId: string, zip: Buffer | null): void;
  /** As the store is asked for what lies there. */
  request(robotId: string, over?: Partial<PackageRequest>): PackageRequest;
  /** Answers stand still after so many bytes; null: they are whole. */
  stallAfter: number | null;
  /** Names in the store's folder. */
  names(): Promise<string[]>;
  close(): Promise<void>;
}

export async function startShelf(): Promise<Shelf> {
  const home = await mkdtemp(join(tmpdir(), 'kubot-shelf-'));
  const dir = join(home, 'packages');
  const packages = new Map<string, Buffer | null>();
  const asked: string[] = [];
  const server = await startRawServer((request, response) => {
    const robotId = request.url?.split('/').at(-3) ?? '';
    asked.push(robotId);
    send(response, packages.get(robotId) ?? null, shelf.stallAfter);
  });
  const client = createKuFlowClient({
    endpoint: server.url,
    credentials: { clientId: 'id', clientSecret: 'secret' },
    log: createMemoryLog(),
  });
  const open = () =>
    createPackageStore({
      dir,
      limits: PACKAGE_LIMITS,
      downloadTimeoutMs: 60_000,
      downloadIdleTimeoutMs: 60_000,
    });
  const shelf: Shelf = {
    url: server.url,
    dir,
    asked,
    store: open(),
    reopen: open,
    put: (robotId, zip) => packages.set(robotId, zip),
    request: (robotId, over = {}) => ({
      robotId,
      robotCode: robotId.toUpperCase(),
      revision: 'r1',
      sourceFile: sourceFileOf(packages.get(robotId) ?? ROBOT_ZIP),
      open: client.openRobotSource(robotId),
      signal: new AbortController().signal,
      ...over,
    }),
    stallAfter: null,
    names: async () => (await readdir(dir).catch(() => [])).sort(),
    close: async () => {
      await server.close();
      await rm(home, { recursive: true, force: true });
    },
  };
  return shelf;
}

export function sourceFileOf(zip: Buffer): SourceFile {
  return { id: 'file', name: 'robot.zip', contentLength: zip.length, contentHash: sha256(zip) };
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function send(response: ServerResponse, zip: Buffer | null, stallAfter: number | null): void {
  if (zip === null) {
    response.destroy();
    return;
  }
  response.writeHead(200, { 'content-length': zip.length });
  if (stallAfter === null) response.end(zip);
  else response.write(zip.subarray(0, stallAfter));
}
