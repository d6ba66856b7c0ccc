import { closeSync, constants, copyFileSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ReadEntry } from 'tar';
import { type CheckedTarEntry, checkTarEntry, TarProblem } from './tar-rules.ts';

export interface TarWriterOptions {
  /** There already, and empty. */
  targetDir: string;
  maxEntries: number;
  maxTotalBytes: number;
  platform: NodeJS.Platform;
}

/** What was refused, and why; without an entry it is the archive as a whole. */
export class TarRefused extends Error {
  readonly entry: string | null;
  readonly rule: string;

  constructor(entry: string | null, rule: string, problem: string) {
    super(problem);
    this.entry = entry;
    this.rule = rule;
  }
}

/** Writes the entries of a tar below a folder, each judged before it is. */
export class TarWriter {
  failure: Error | null = null;
  readonly #options: TarWriterOptions;
  readonly #folders = new Set<string>();
  /** With their sizes, which links to them count again. */
  readonly #files = new Map<string, number>();
  /** Made last, so that nothing is ever written through one. */
  readonly #symlinks: { path: string; target: string }[] = [];
  #descriptor: number | null = null;
  #entries = 0;
  #bytes = 0;

  constructor(options: TarWriterOptions) {
    this.#options = options;
  }

  /** Called by the parser for each entry, with its bytes following at once. */
  take(entry: ReadEntry): void {
    if (this.failure) {
      entry.resume();
      return;
    }
    try {
      const checked = this.#check(entry);
      if (checked?.kind === 'file') this.#begin(checked);
      else if (checked?.kind === 'folder') this.#makeFolder(checked.path);
      else if (checked?.kind === 'hardlink') this.#copyLinked(checked.path, checked.target);
      else if (checked?.kind === 'symlink') this.#symlinks.push(checked);
    } catch (error) {
      this.#fail(error);
    }
    entry.on('data', (bytes: Buffer) => this.#write(bytes));
    entry.on('end', () => this.close());
  }

  refuseIgnored({ path, type }: ReadEntry): void {
    this.#fail(new TarRefused(path, 'type', `is a ${type} that cannot be unpacked`));
  }

  /** Makes the links, once every file lies where it belongs. */
  finish(): { entries: number; bytes: number } {
    for (const { path, target } of this.#symlinks) {
      this.#makeFolder(dirname(path));
      this.#makeOnce(path, (at) => symlinkSync(target, at));
      this.#files.set(path, 0);
    }
    return { entries: this.#entries, bytes: this.#bytes };
  }

  close(): void {
    if (this.#descriptor === null) return;
    closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #check(entry: ReadEntry): CheckedTarEntry | null {
    const { maxEntries, platform } = this.#options;
    this.#entries++;
    if (this.#entries > maxEntries)
      throw new TarRefused(entry.path, 'entry-count', `is one more than the ${maxEntries} that are allowed`);
    this.#count(entry.path, entry.size);
    try {
      return checkTarEntry(entry, platform);
    } catch (error) {
      if (error instanceof TarProblem) throw new TarRefused(entry.path, error.rule, error.message);
      throw error;
    }
  }

  #count(path: string, bytes: number): void {
    const { maxTotalBytes } = this.#options;
    this.#bytes += bytes;
    if (this.#bytes > maxTotalBytes)
      throw new TarRefused(path, 'total-size', `goes beyond the ${maxTotalBytes} bytes that are allowed`);
  }

  #begin({ path, bytes, executable }: CheckedTarEntry & { kind: 'file' }): void {
    this.#makeFolder(dirname(path));
    this.#makeOnce(path, (at) => {
      this.#descriptor = openSync(at, 'wx', executable ? 0o755 : 0o644);
    });
    this.#files.set(path, bytes);
  }

  #write(bytes: Buffer): void {
    if (this.#descriptor === null) return;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A copy, so that no two files of a runtime are one. */
  #copyLinked(path: string, target: string): void {
    const bytes = this.#files.get(target);
    if (bytes === undefined)
      throw new TarRefused(path, 'hardlink', 'is a link to a file that does not come before it');
    this.#count(path, bytes);
    this.#makeFolder(dirname(path));
    const from = join(this.#options.targetDir, target);
    this.#makeOnce(path, (at) => copyFileSync(from, at, constants.COPYFILE_EXCL));
    this.#files.set(path, bytes);
  }

  /** Never over something, be it a twin by case on a file system that ignores it. */
  #makeOnce(path: string, make: (at: string) => void): void {
    const twin = () => new TarRefused(path, 'twin', 'stands twice in the archive');
    if (this.#files.has(path) || this.#folders.has(path)) throw twin();
    try {
      make(join(this.#options.targetDir, path));
    } catch (error) {
      throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? twin() : error;
    }
  }

  #makeFolder(path: string): void {
    if (path === '.' || this.#folders.has(path)) return;
    this.#makeFolder(dirname(path));
    const { maxEntries } = this.#options;
    // Those that no entry stands for count too: a long path names many.
    if (this.#folders.size >= maxEntries)
      throw new TarRefused(path, 'entry-count', `makes more than the ${maxEntries} folders that are allowed`);
    if (this.#files.has(path)) throw new TarRefused(path, 'file-as-folder', 'is a file and a folder at once');
    this.#makeOnce(path, (at) => mkdirSync(at, { mode: 0o755 }));
    this.#folders.add(path);
  }

  #fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
    this.close();
  }
}
