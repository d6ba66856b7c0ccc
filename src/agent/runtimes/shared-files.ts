import { chmodSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file or folder as it was when the environment was finished. Folders have the size -1. */
export interface FileStamp {
  path: string;
  bytes: number;
  mtimeMs: number;
}

/**
 * Looked at before each reuse; folders apart from files, since they betray what came and went. A reuse may cost
 * 20 ms whatever the environment's size, so of larger ones each reuse looks at the next part, all round.
 */
const FOLDERS_AT_ONCE = 1000;
const FILES_AT_ONCE = 2500;

/**
 * Makes a tree that runs share read-only, as far as modes go: no write for anybody, and no other change.
 * @returns the stamp of each folder and file, links apart
 */
export function protectTree(root: string): FileStamp[] {
  const stamps: FileStamp[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) {
        const { mode, size, mtimeMs } = lstatSync(path);
        chmodSync(path, mode & 0o555);
        stamps.push({ path, bytes: size, mtimeMs });
      }
    }
    chmodSync(folder, 0o555);
    stamps.push({ path: folder, bytes: -1, mtimeMs: lstatSync(folder).mtimeMs });
  }
  return stamps;
}

/** Watches over what `protectTree` stamped, for systems and users that modes do not bind. */
export class SharedFiles {
  readonly #folders: Round;
  readonly #files: Round;

  constructor(stamps: readonly FileStamp[]) {
    this.#folders = new Round(stamps.filter((stamp) => stamp.bytes < 0));
    this.#files = new Round(stamps.filter((stamp) => stamp.bytes >= 0));
  }

  /** A path that somebody wrote to, of those that are due; undefined: none. */
  findTouched(): string | undefined {
    return this.#folders.findTouched(FOLDERS_AT_ONCE) ?? this.#files.findTouched(FILES_AT_ONCE);
  }
}

/** Goes through its stamps part by part. */
class Round {
  readonly #stamps: readonly FileStamp[];
  #next = 0;

  constructor(stamps: readonly FileStamp[]) {
    this.#stamps = stamps;
  }

  findTouched(most: number): string | undefined {
    for (let left = Math.min(most, this.#stamps.length); left > 0; left--) {
      const stamp = this.#stamps[this.#next];
      // A touched one stays the next: whoever asks again is to hear of it again.
      if (stamp && isTouched(stamp)) return stamp.path;
      this.#next = (this.#next + 1) % this.#stamps.length;
    }
    return undefined;
  }
}

function isTouched({ path, bytes, mtimeMs }: FileStamp): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.mtimeMs !== mtimeMs) return true;
  return bytes >= 0 && found.size !== bytes;
}

/** The stamps as a file: a line each, since JSON of 20,000 of them takes longer to read than to check. */
export function writeStamps(path: string, stamps: readonly FileStamp[]): void {
  writeFileSync(
    path,
    stamps.map((stamp) => `${stamp.bytes} ${stamp.mtimeMs} ${encodeURI(stamp.path)}\n`).join(''),
    { mode: 0o600 },
  );
}

/** @throws when the file is not there */
export function readStamps(path: string): FileStamp[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [bytes = '', mtimeMs = '', encoded = ''] = line.split(' ');
      return { path: decodeURI(encoded), bytes: Number(bytes), mtimeMs: Number(mtimeMs) };
    });
}
