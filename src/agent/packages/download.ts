import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError, isAgentError, toAgentError } from '../../shared/errors.ts';
import { parseContentHash } from './content-hash.ts';

export interface DownloadResponse {
  status: number;
  headers: Headers;
  body: ReadableStream<Uint8Array> | null;
}

/** Opens a download. Throws an AgentError for what the network or the API refuses. */
export type OpenDownload = (request: {
  headers: Record<string, string>;
  signal: AbortSignal;
}) => Promise<DownloadResponse>;

export interface DownloadProgress {
  bytes: number;
  totalBytes: number | null;
}

export interface DownloadOptions {
  open: OpenDownload;
  /** Where the file comes to lie, once it is whole and right. */
  path: string;
  /** In messages: "the package of INVOICES". */
  what: string;
  /** As the API stated them; a hash that cannot be recognised is a warning. */
  expected?: { lengthBytes?: number | undefined; hash?: string | undefined };
  maxBytes: number;
  timeoutMs: number;
  idleTimeoutMs: number;
  signal: AbortSignal;
  attempts?: number;
  onProgress?: (progress: DownloadProgress) => void;
  warn?: (message: string) => void;
  sleep?: (milliseconds: number) => Promise<unknown>;
}

export interface Downloaded {
  bytes: number;
  /** Hex. */
  sha256: string;
  /** How often it went on where it had broken off. */
  resumed: number;
}

const DEFAULT_ATTEMPTS = 4;
const FIRST_WAIT_MS = 500;

/**
 * Streams a download to disk. What breaks off is resumed where the server gives a strong ETag, else begun again.
 * @throws AgentError PACKAGE_HASH_MISMATCH when it is whole but not what was stated; PACKAGE_REFUSED when it is
 *   larger than allowed; HOST_DISK; PLATFORM_UNREACHABLE or PLATFORM_ERROR when it cannot be had; INTERRUPTED
 */
export async function downloadToFile(options: DownloadOptions): Promise<Downloaded> {
  const partialPath = `${options.path}.partial-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  const attempts = options.attempts ?? DEFAULT_ATTEMPTS;
  const sleep = options.sleep ?? delay;
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const state: DownloadState = { etag: null, bytes: 0, resumed: 0, totalBytes: null };
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await receive(options, partialPath, state, deadline);
        break;
      } catch (thrown) {
        const error = toDownloadError(thrown, options, deadline);
        if (attempt >= attempts || !error.retryable || options.signal.aborted || deadline.aborted)
          throw error;
        await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
      }
    }
    const sha256 = await check(options, partialPath);
    await rename(partialPath, options.path);
    return { bytes: state.bytes, sha256, resumed: state.resumed };
  } finally {
    await rm(partialPath, { force: true });
  }
}

interface DownloadState {
  /** Strong, else null: then there is no resuming. */
  etag: string | null;
  bytes: number;
  resumed: number;
  totalBytes: number | null;
}

async function receive(
  options: DownloadOptions,
  partialPath: string,
  state: DownloadState,
  deadline: AbortSignal,
): Promise<void> {
  const idle = new AbortController();
  let idleTimer = setTimeout(() => idle.abort(), options.idleTimeoutMs);
  const signal = AbortSignal.any([options.signal, deadline, idle.signal]);
  const resuming = state.etag !== null && state.bytes > 0;
  let file: FileHandle | null = null;
  try {
    const response = await options.open({
      headers: {
        'accept-encoding': 'identity',
        ...(resuming && { range: `bytes=${state.bytes}-`, 'if-range': state.etag ?? '' }),
      },
      signal,
    });
    const goesOn = resuming && response.status === 206 && startsAt(response.headers, state.bytes);
    if (goesOn) state.resumed++;
    else state.bytes = 0;
    refuseHtml(response.headers, options);
    state.etag = strongEtag(response.headers);
    const stated = Number(response.headers.get('content-length') ?? Number.NaN);
    state.totalBytes = Number.isNaN(stated) ? (options.expected?.lengthBytes ?? null) : state.bytes + stated;
    file = await open(partialPath, goesOn ? 'a' : 'w', 0o600);
    for await (const chunk of response.body ?? []) {
      clearTimeout(idleTimer);
      idleTimer = setTimeout(() => idle.abort(), options.idleTimeoutMs);
      state.bytes += chunk.length;
      if (state.bytes > options.maxBytes) throw tooLarge(options);
      await file.write(chunk);
      options.onProgress?.({ bytes: state.bytes, totalBytes: state.totalBytes });
    }
    if (!Number.isNaN(stated) && state.totalBytes !== null && state.bytes < state.totalBytes) {
      throw new AgentError(
        'PLATFORM_UNREACHABLE',
        `${capital(options.what)} broke off after ${state.bytes} bytes.`,
      );
    }
    await file.sync();
  } catch (error) {
    if (idle.signal.aborted && !options.signal.aborted) {
      throw new AgentError(
        'PLATFORM_UNREACHABLE',
        `${capital(options.what)} stood still for ${options.idleTimeoutMs / 1000} s while it was downloaded.`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    clearTimeout(idleTimer);
    await file?.close();
  }
}

/** Length and hash of the whole file, against what the API stated. */
async function check(options: DownloadOptions, path: string): Promise<string> {
  const { lengthBytes, hash } = options.expected ?? {};
  const stated = hash === undefined ? null : parseContentHash(hash);
  if (hash !== undefined && stated === null) {
    options.warn?.(`The content hash of ${options.what} is of an unknown form; only its length was checked.`);
  }
  const { size } = await stat(path);
  if (lengthBytes !== undefined && size !== lengthBytes) {
    throw new AgentError(
      'PACKAGE_HASH_MISMATCH',
      `${capital(options.what)} has ${size} bytes; the platform states ${lengthBytes}.`,
      { details: { expectedBytes: lengthBytes, actualBytes: size } },
    );
  }
  const hashes: Hash[] = [createHash('sha256')];
  if (stated && stated.algorithm !== 'sha256') hashes.push(createHash(stated.algorithm));
  const file = await open(path);
  try {
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
      for (const one of hashes) one.update(chunk as Buffer);
    }
  } finally {
    await file.close();
  }
  const digests = hashes.map((one) => one.digest());
  const [sha256 = Buffer.alloc(0)] = digests;
  const actual = digests.at(-1) ?? sha256;
  if (stated && !actual.equals(stated.digest)) {
    throw new AgentError(
      'PACKAGE_HASH_MISMATCH',
      `${capital(options.what)} is not what the platform states: its ${stated.algorithm} is ${actual.toString('hex')}, not ${stated.digest.toString('hex')}.`,
      { details: { algorithm: stated.algorithm } },
    );
  }
  return sha256.toString('hex');
}

function toDownloadError(thrown: unknown, options: DownloadOptions, deadline: AbortSignal): AgentError {
  if (options.signal.aborted) {
    return new AgentError('INTERRUPTED', `The download of ${options.what} was ended.`, { retryable: false });
  }
  if (deadline.aborted) {
    return new AgentError(
      'PLATFORM_UNREACHABLE',
      `${capital(options.what)} was not there after ${options.timeoutMs / 1000} s.`,
      { hint: 'Raise downloadTimeoutMs, or look at the network.', cause: thrown },
    );
  }
  if (isAgentError(thrown)) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AgentError('HOST_DISK', `The disk was full while ${options.what} was downloaded.`, {
      cause: thrown,
      retryable: false,
    });
  }
  if (typeof code === 'string' && /^E(ACCES|PERM|ROFS|ISDIR|NOENT|NOTDIR)$/.test(code))
    return toAgentError(thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new AgentError(
    'PLATFORM_UNREACHABLE',
    `${capital(options.what)} could not be downloaded: ${reason}.`,
    {
      cause: thrown,
    },
  );
}

function refuseHtml(headers: Headers, options: DownloadOptions): void {
  if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return;
  throw new AgentError(
    'PLATFORM_ERROR',
    `Instead of ${options.what} a web page came back: a proxy or a captive portal stands between this machine and the platform.`,
    { hint: 'Open a browser on this machine and sign in to the network, or set the proxy.' },
  );
}

function tooLarge(options: DownloadOptions): AgentError {
  return new AgentError(
    'PACKAGE_REFUSED',
    `${capital(options.what)} is larger than the ${options.maxBytes} bytes that this host allows.`,
    { details: { entry: null, rule: 'archive-size' } },
  );
}

function startsAt(headers: Headers, bytes: number): boolean {
  return headers.get('content-range')?.startsWith(`bytes ${bytes}-`) ?? false;
}

function strongEtag(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag?.startsWith('"') ? etag : null;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
