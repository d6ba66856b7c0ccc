import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import {
  type Downloaded,
  type DownloadOptions,
  downloadToFile,
} from '../../../src/agent/packages/download.ts';
import { toAgentError } from '../../../src/shared/errors.ts';
import { createMemoryLog, startRawServer } from '../../helpers/raw-server.ts';

/** What became of a download, and the names of all that it left behind in its folder. */
export interface DownloadEnd {
  downloaded: Downloaded | null;
  error: { code: string; message: string; details: Record<string, unknown> | null } | null;
  content: Buffer | null;
  left: string[];
}

/** Answers one request; `asked` counts from 1. */
export type Answer = (request: IncomingMessage, response: ServerResponse, asked: number) => void;

export interface Downloads {
  /** Headers of the requests that came, oldest first. */
  readonly requests: IncomingHttpHeaders[];
  readonly dir: string;
  /** By the agent's own client, from a server that answers as `answer` says; waits take no time. */
  download(answer: Answer, over?: Partial<DownloadOptions>): Promise<DownloadEnd>;
  close(): Promise<void>;
}

export const CONTENT = randomBytes(300_000);
export const OTHER_CONTENT = randomBytes(200_000);
export const ETAG = '"v1"';

export async function startDownloads(): Promise<Downloads> {
  const dir = await mkdtemp(join(tmpdir(), 'kubot-download-'));
  const requests: IncomingHttpHeaders[] = [];
  let answer: Answer = (_request, response) => response.destroy();
  const server = await startRawServer((request, response) => {
    requests.push(request.headers);
    answer(request, response, requests.length);
  });
  const client = createKuFlowClient({
    endpoint: server.url,
    credentials: { clientId: 'id', clientSecret: 'secret' },
    log: createMemoryLog(),
  });
  const path = join(dir, 'package.zip');
  return {
    requests,
    dir,
    download: async (next, over = {}) => {
      answer = next;
      requests.length = 0;
      await rm(path, { force: true });
      let downloaded: Downloaded | null = null;
      let error: DownloadEnd['error'] = null;
      try {
        downloaded = await downloadToFile({
          open: client.openRobotSource('7a9d4a5e-0000-4000-8000-000000000000'),
          path,
          what: 'the package of INVOICES',
          maxBytes: 10_000_000,
          timeoutMs: 60_000,
          idleTimeoutMs: 60_000,
          signal: new AbortController().signal,
          sleep: async () => {},
          ...over,
        });
      } catch (thrown) {
        const { code, message, details } = toAgentError(thrown);
        error = { code, message, details };
      }
      const left = await readdir(dir);
      return {
        downloaded,
        error,
        content: left.includes('package.zip') ? await readFile(path) : null,
        left: left.filter((name) => name !== 'package.zip'),
      };
    },
    close: async () => {
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Begins an answer with `Content-Length` and ends the connection once the client has had `bytes` of it. */
export function cutAfter(bytes: number, headers: Record<string, string> = {}) {
  let cut: (() => void) | null = null;
  return {
    answer: (response: ServerResponse, content: Buffer = CONTENT) => {
      response.writeHead(200, { 'content-length': content.length, ...headers });
      response.write(content.subarray(0, bytes));
      cut = () => response.destroy();
    },
    /** For `onProgress`: so it is known how much arrived. */
    onProgress: (progress: { bytes: number }) => {
      if (progress.bytes !== bytes || cut === null) return;
      cut();
      cut = null;
    },
  };
}
