import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Pruned, PrunedItem } from '../../shared/control-api.ts';
import type { Settings } from '../../shared/settings.ts';
import type { HomePaths } from '../home/home-paths.ts';
import { sizeOf } from '../home/size-of.ts';
import type { Journal } from '../journal/open-journal.ts';
import { removeTree } from '../runtimes/remove-tree.ts';
import { describeDuration } from './outcome.ts';

export interface RetentionOptions {
  journal: Journal;
  paths: Pick<HomePaths, 'runs' | 'packages' | 'runtimes' | 'environments'>;
  settings: Pick<Settings, 'runRetentionMs' | 'runRetentionBytes' | 'storeRetentionMs' | 'storeMaxBytes'>;
  /** Folders that runs need, now or next. */
  inUse: readonly string[];
  /** Bytes of folders that do not change any more, by path; filled on the way. */
  measured?: Map<string, number>;
  now: () => number;
}

/** What was touched this lately may be in the making. */
const YOUNG_MS = 60 * 60_000;

interface Candidate {
  kind: PrunedItem['kind'];
  id: string;
  dir: string;
  bytes: number;
  usedAtMs: number;
}

/** Something that may go, and where it is. */
export type Prunable = PrunedItem & { dir: string };

/**
 * What this host keeps beyond its limits of age and size: folders of ended runs (the journal keeps what was known of
 * them), and packages, runtimes and environments that nothing needs now; they are fetched and made again when they
 * are needed. Never anything in use.
 */
export async function findPrunable(options: RetentionOptions): Promise<Prunable[]> {
  return [...(await findRuns(options)), ...(await findStored(options))];
}

/** What the control API tells of it. */
export function prunedOf(found: readonly Prunable[]): Pruned {
  const items = found.map(({ kind, id, bytes, reason }) => ({ kind, id, bytes, reason }));
  return { items, bytes: items.reduce((sum, item) => sum + item.bytes, 0) };
}

/** Removes what `findPrunable` found. */
export async function prune(found: readonly Prunable[]): Promise<void> {
  for (const { kind, dir, id } of found) {
    // The record first: without it a folder counts as half made, and is made anew.
    if (kind === 'runtime') await rm(join(dir, '..', 'index', `${id}.json`), { force: true });
    await removeTree(dir);
  }
}

async function findRuns(options: RetentionOptions): Promise<Prunable[]> {
  const { journal, paths, settings, measured, now } = options;
  const found: Prunable[] = [];
  const kept: Candidate[] = [];
  for (const id of await namesIn(paths.runs)) {
    const run = journal.runs.find(id);
    const dir = join(paths.runs, id);
    if (run?.state === 'ended' || !run) {
      // After a journal was set aside nothing is known of earlier runs, but their logs are all that is left of them.
      const endedAtMs = run ? Date.parse(run.endedAt ?? '') : await changedAtMs(dir);
      const bytes = await sizeOnce(dir, measured);
      const candidate = { kind: 'run' as const, id, dir, bytes, usedAtMs: endedAtMs };
      if (now() - endedAtMs > settings.runRetentionMs) {
        const age = describeDuration(now() - endedAtMs);
        const reason = `${run ? 'ended' : 'not in the journal, changed'} ${age} ago (runRetentionMs)`;
        found.push({ ...itemOf(candidate), reason, dir });
      } else kept.push(candidate);
    }
  }
  const reason = `runs hold more than ${settings.runRetentionBytes.toLocaleString('en')} bytes (runRetentionBytes)`;
  return [...found, ...overLimit(kept, settings.runRetentionBytes, reason)];
}

async function findStored(options: RetentionOptions): Promise<Prunable[]> {
  const { paths, settings, inUse, measured, now } = options;
  const found: Prunable[] = [];
  const kept: Candidate[] = [];
  let bytesInUse = 0;
  for (const [kind, store] of [
    ['environment', paths.environments],
    ['package', paths.packages],
    ['runtime', paths.runtimes],
  ] as const) {
    for (const id of await namesIn(store)) {
      const dir = join(store, id);
      const info = await stat(dir).catch(() => null);
      if (!info?.isDirectory() || id === 'index' || id.startsWith('.')) continue;
      const idleMs = now() - info.mtimeMs;
      // What is new may be in the making, and grow. Of what is in use the time is set anew at each pass.
      const isNew = now() - info.birthtimeMs < YOUNG_MS;
      const bytes = await (isNew ? sizeOf(dir) : sizeOnce(dir, measured));
      const candidate = { kind, id, dir, bytes, usedAtMs: info.mtimeMs };
      if (isInUse(dir, inUse) || idleMs < YOUNG_MS) bytesInUse += candidate.bytes;
      else if (idleMs > settings.storeRetentionMs) {
        const reason = `not used for ${describeDuration(idleMs)} (storeRetentionMs)`;
        found.push({ ...itemOf(candidate), reason, dir });
      } else kept.push(candidate);
    }
  }
  const reason = `the stores hold more than ${settings.storeMaxBytes.toLocaleString('en')} bytes (storeMaxBytes)`;
  return [...found, ...overLimit(kept, settings.storeMaxBytes - bytesInUse, reason)];
}

/** Marks what is in use now as used now: what retention goes by. */
export async function noteUse({
  paths,
  inUse,
  now,
}: Pick<RetentionOptions, 'paths' | 'inUse' | 'now'>): Promise<void> {
  for (const store of [paths.environments, paths.packages, paths.runtimes]) {
    for (const id of await namesIn(store)) {
      const dir = join(store, id);
      if (isInUse(dir, inUse)) await utimes(dir, now() / 1000, now() / 1000).catch(() => undefined);
    }
  }
}

function isInUse(dir: string, inUse: readonly string[]): boolean {
  return inUse.some((place) => place === dir || place.startsWith(dir + sep));
}

/** Those that do not fit, the newest kept longest. */
function overLimit(candidates: readonly Candidate[], maxBytes: number, reason: string): Prunable[] {
  let bytes = 0;
  return candidates
    .toSorted((a, b) => b.usedAtMs - a.usedAtMs)
    .filter((candidate) => {
      bytes += candidate.bytes;
      return bytes > maxBytes;
    })
    .map((candidate) => ({ ...itemOf(candidate), reason, dir: candidate.dir }));
}

function itemOf({ kind, id, bytes }: Candidate): Omit<PrunedItem, 'reason'> {
  return { kind, id, bytes };
}

async function namesIn(dir: string): Promise<string[]> {
  return (await readdir(dir).catch(() => [])).sort();
}

async function changedAtMs(dir: string): Promise<number> {
  return (await stat(dir).catch(() => null))?.mtimeMs ?? 0;
}

/** Of a folder that does not change any more. */
async function sizeOnce(dir: string, measured = new Map<string, number>()): Promise<number> {
  const bytes = measured.get(dir) ?? (await sizeOf(dir));
  measured.set(dir, bytes);
  return bytes;
}
