import { fork } from 'node:child_process';
import { join } from 'node:path';
import { ProcessCalls } from './process-calls.ts';

const SERVE = join(import.meta.dirname, '..', 'fixtures', 'collector', 'serve.ts');

export interface CollectedLine {
  /** When it came, in milliseconds of the epoch. */
  at: number;
  text: string;
}

/** Where robots say what they do, beside agent and platform: a witness that no fault reaches. */
export interface Collector {
  /** Takes a line by POST and answers when it is kept. */
  readonly url: string;
  /** All lines, in the order in which they came. */
  lines(): Promise<CollectedLine[]>;
  close(): Promise<void>;
}

/** Starts the collector as a process of its own; it ends with its parent. */
export async function startCollector(): Promise<Collector> {
  const calls = new ProcessCalls(fork(SERVE, { serialization: 'advanced', detached: true }));
  const url = await calls.call<string>('url');
  return { url, lines: () => calls.call<CollectedLine[]>('lines'), close: () => calls.close() };
}
