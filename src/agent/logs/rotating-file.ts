import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Transport from 'winston-transport';

export interface RotatingFileOptions {
  path: string;
  maxBytes: number;
  /** How many rotated files are kept beside the present one. */
  keep: number;
}

/**
 * A file for winston that loses no line in a burst: each is written at once, and a rotation is a rename. (winston's
 * own file transport lost 2,000 of 2,000 lines with a size limit.)
 */
export class RotatingFile extends Transport {
  readonly #options: RotatingFileOptions;
  #descriptor: number;
  #bytes: number;

  constructor(options: RotatingFileOptions) {
    super();
    this.#options = options;
    mkdirSync(dirname(options.path), { recursive: true });
    this.#descriptor = openSync(options.path, 'a', 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  override log(info: Record<symbol, unknown>, next: () => void): void {
    const line = Buffer.from(`${String(info[Symbol.for('message')])}\n`);
    try {
      if (this.#bytes > 0 && this.#bytes + line.length > this.#options.maxBytes) this.#rotate();
      writeFileSync(this.#descriptor, line);
      this.#bytes += line.length;
    } catch {
      // A full disk costs lines of the diary; it must not cost the agent.
    }
    next();
  }

  override close(): void {
    closeSync(this.#descriptor);
  }

  /** The present file stays open until the next one is: whatever fails on the way, lines have a place to go. */
  #rotate(): void {
    const { path, keep } = this.#options;
    this.#bytes = 0;
    try {
      rmSync(`${path}.${keep}`, { force: true });
      for (let index = keep - 1; index >= 1; index--) {
        if (existsSync(`${path}.${index}`)) renameSync(`${path}.${index}`, `${path}.${index + 1}`);
      }
      if (keep === 0) rmSync(path, { force: true });
      else if (existsSync(path)) renameSync(path, `${path}.1`);
      const next = openSync(path, 'a', 0o600);
      closeSync(this.#descriptor);
      this.#descriptor = next;
    } catch {
      // A file that cannot be renamed grows by as much again, until the next try.
    }
  }
}
