import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { diskError } from './disk.ts';
import { type ExpectedFile, verifyFile } from './verify-file.ts';

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
  expected?: ExpectedFile;
  maxBytes: number;
  timeoutMs: number;
  idleTimeoutMs: number;
  signal: AbortSignal;
  attempts?: number;
  onProgress?: (progress: DownloadProgress) => void;
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
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
const RANGE_NOT_SATISFIABLE = 416;

/**
 * Streams a download to disk. What breaks off is resumed where the server gives a strong ETag, else begun again.
 * @throws AgentError PACKAGE_HASH_MISMATCH when it is whole but not what was stated; PACKAGE_REFUSED when it is
 *   larger than allowed; HOST_DISK; PLATFORM_UNREACHABLE or PLATFORM_ERROR when it cannot be had; INTERRUPTED
 */
export async function downloadToFile(options: DownloadOptions): Promise<Downloaded> {
  const { attempts = DEFAULT_ATTEMPTS, sleep = sleepFor } = options;
  const partialPath = `${options.path}.partial-${randomUUID()}`;
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const ends = AbortSignal.any([options.signal, deadline]);
  const state: DownloadState = { etag: null, bytes: 0, resumed: 0 };
  try {
    if ((options.expected?.lengthBytes ?? 0) > options.maxBytes) throw tooLarge(options);
    for (let attempt = 1; ; attempt++) {
      try {
        await receive(options, partialPath, state, ends);
        const sha256 = await onDisk(options, () =>
          verifyFile(partialPath, options.what, options.expected ?? {}),
        );
        await onDisk(options, () => rename(partialPath, options.path));
        return { bytes: state.bytes, sha256, resumed: state.resumed };
      } catch (thrown) {
        const error = toDownloadError(thrown, options, deadline);
        if (attempt >= attempts || ends.aborted || !mayHelp(error, state)) throw error;
        await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1), ends);
      }
    }
  } finally {
    await rm(partialPath, { force: true });
  }
}

interface DownloadState {
  /** Strong, else null: then there is no resuming. */
  etag: string | null;
  bytes: number;
  resumed: number;
}

/** Whether to try again; what must not be built upon is dropped from `state`. */
function mayHelp(error: AgentError, state: DownloadState): boolean {
  // Pieces that were put together wrongly, or a place to go on from that is none: only the whole will do.
  const wronglyResumed =
    (error.code === 'PACKAGE_HASH_MISMATCH' && state.resumed > 0) ||
    (error.details?.status === RANGE_NOT_SATISFIABLE && mayResume(state));
  if (wronglyResumed) Object.assign(state, { etag: null, bytes: 0, resumed: 0 });
  return wronglyResumed || (error.retryable && error.code !== 'HOST_DISK');
}

function mayResume({ etag, bytes }: DownloadState): boolean {
  return etag !== null && bytes > 0;
}

async function receive(
  options: DownloadOptions,
  partialPath: string,
  state: DownloadState,
  ends: AbortSignal,
): Promise<void> {
  const idle = new AbortController();
  let idleTimer = setTimeout(() => idle.abort(), options.idleTimeoutMs);
  const heard = () => {
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => idle.abort(), options.idleTimeoutMs);
  };
  let body: DownloadResponse['body'] = null;
  try {
    const signal = AbortSignal.any([ends, idle.signal]);
    signal.throwIfAborted();
    const resuming = mayResume(state);
    const response = await options.open({
      // To a request with a range fetch adds accept-encoding: identity by itself.
      headers: resuming
        ? { range: `bytes=${state.bytes}-`, 'if-range': state.etag ?? '' }
        : { 'accept-encoding': 'identity' },
      signal,
    });
    body = response.body;
    const place = placeOf(response, resuming, options, state);
    await writeBody(body, place, { options, partialPath, state, heard });
  } catch (error) {
    await body?.cancel().catch(() => {}); // frees the connection when nobody reads on
    if (idle.signal.aborted && !ends.aborted) throw stoodStill(options, error);
    throw error;
  } finally {
    clearTimeout(idleTimer);
  }
}

/** Where an answer is to be written to, and how long the file then is; null: the answer does not say. */
interface Place {
  goesOn: boolean;
  wholeBytes: number | null;
}

/** Goes on where the last answer broke off if this one does; else it must be the whole, from its beginning. */
function placeOf(
  { status, headers }: DownloadResponse,
  resuming: boolean,
  options: DownloadOptions,
  state: DownloadState,
): Place {
  refuseHtml(headers, options);
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  const length = lengthOf(headers);
  const encoded = isEncoded(headers);
  if (resuming && status === 206 && !encoded && Number(first) === state.bytes) {
    state.resumed++;
    const end = length === null ? null : state.bytes + length;
    return { goesOn: true, wholeBytes: total === undefined || total === '*' ? end : Number(total) };
  }
  Object.assign(state, { etag: null, bytes: 0, resumed: 0 });
  if (status !== 200) {
    const part = status === 206 ? ': another part than the one asked for' : '';
    throw new AgentError(
      'PLATFORM_ERROR',
      `Instead of ${options.what} came an answer with status ${status}${part}.`,
    );
  }
  if (encoded) return { goesOn: false, wholeBytes: null };
  state.etag = strongEtag(headers);
  // Without a length and without chunks the answer ends where the connection does, be it too early.
  const endsUnmarked = length === null && headers.get('transfer-encoding') === null;
  return { goesOn: false, wholeBytes: endsUnmarked ? (options.expected?.lengthBytes ?? null) : length };
}

async function writeBody(
  body: DownloadResponse['body'],
  { goesOn, wholeBytes }: Place,
  to: { options: DownloadOptions; partialPath: string; state: DownloadState; heard: () => void },
): Promise<void> {
  const { options, partialPath, state, heard } = to;
  if ((wholeBytes ?? 0) > options.maxBytes) throw tooLarge(options);
  const totalBytes = wholeBytes ?? options.expected?.lengthBytes ?? null;
  const file = await onDisk(options, () => open(partialPath, goesOn ? 'a' : 'w', 0o600));
  try {
    for await (const chunk of body ?? []) {
      heard();
      if (state.bytes + chunk.length > options.maxBytes) throw tooLarge(options);
      await onDisk(options, () => file.writeFile(chunk)); // all of it or an error, unlike write()
      state.bytes += chunk.length;
      options.onProgress?.({ bytes: state.bytes, totalBytes });
    }
    if (wholeBytes !== null && state.bytes < wholeBytes) {
      throw new AgentError(
        'PLATFORM_UNREACHABLE',
        `${capital(options.what)} broke off after ${state.bytes} of ${wholeBytes} bytes.`,
      );
    }
    await onDisk(options, () => file.sync());
  } finally {
    await file.close();
  }
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
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new AgentError(
    'PLATFORM_UNREACHABLE',
    `${capital(options.what)} could not be downloaded: ${reason}.`,
    { cause: thrown },
  );
}

function stoodStill(options: DownloadOptions, cause: unknown): AgentError {
  return new AgentError(
    'PLATFORM_UNREACHABLE',
    `${capital(options.what)} stood still for ${options.idleTimeoutMs / 1000} s while it was downloaded.`,
    { cause },
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
    {
      details: { entry: null, rule: 'archive-size' },
      hint: 'Make the package smaller, or raise packageMaxBytes on this host.',
    },
  );
}

async function onDisk<T>(options: DownloadOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, `${options.what} was downloaded`);
  }
}

/** Ends early when `signal` aborts. */
async function sleepFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}

function lengthOf(headers: Headers): number | null {
  const text = headers.get('content-length') ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** What arrives is then decoded: neither lengths nor ranges of the answer are those of the file. */
function isEncoded(headers: Headers): boolean {
  return !/^(identity)?$/i.test(headers.get('content-encoding')?.trim() ?? '');
}

function strongEtag(headers: Headers): string | null {
  const etag = headers.get('etag');
  return etag?.startsWith('"') ? etag : null;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
