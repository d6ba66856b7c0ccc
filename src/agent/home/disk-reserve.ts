import { randomBytes } from 'node:crypto';
import { closeSync, openSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AgentLog } from '../logs/agent-log.ts';
import { freeBytes } from './disk-space.ts';

/**
 * Twice what SQLite lets its log grow to before it goes into the journal itself (1,000 pages of 4 KB), so that both
 * have room.
 */
const RESERVE_BYTES = 8 * 1024 * 1024;
/** Given back at a time: whoever filled the disk may be waiting for more. Below what counts as full. */
const STEP_BYTES = 256 * 1024;
/** Left free when the reserve is made anew: else it would be given back at once. */
const MARGIN_BYTES = RESERVE_BYTES;
const LOOK_MS = 10_000;

/**
 * A file that holds disk space for what must be written when there is none: it is shortened, and what it held is
 * free. Random bytes, since a file system may keep zeros without space. Only who holds the home's lock has one.
 */
export class DiskReserve {
  readonly #path: string;
  #bytes: number;
  #isShort = false;
  /** Hears when it is first given from, and when it is whole again. */
  onChange: () => void = () => undefined;

  constructor(path: string) {
    this.#path = path;
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  get isWhole(): boolean {
    return this.#bytes >= RESERVE_BYTES;
  }

  /** Frees one step. @returns false when nothing is left to give */
  release(): boolean {
    if (this.#bytes === 0) return false;
    const rest = Math.max(0, this.#bytes - STEP_BYTES);
    try {
      truncateSync(this.#path, rest);
    } catch {
      return false;
    }
    this.#bytes = rest;
    this.#become(true);
    return true;
  }

  /** Frees as much as is needed for the disk to have `bytes` free; less where it does not hold so much. */
  makeRoom(bytes: number): void {
    while (freeBytes(dirname(this.#path)) < bytes && this.release());
  }

  /** Makes it whole if the disk has room for it. @returns whether it is whole */
  restore(): boolean {
    if (this.isWhole) return true;
    const missing = RESERVE_BYTES - this.#bytes;
    if (freeBytes(dirname(this.#path)) < missing + MARGIN_BYTES) {
      this.#become(true);
      return false;
    }
    try {
      this.#append(missing);
    } catch {
      // Somebody else was faster. What there is serves as well.
    }
    this.#become(!this.isWhole);
    return this.isWhole;
  }

  /** For `status`: what is wrong while it is not whole, and what to do. */
  get warnings(): string[] {
    if (!this.#isShort) return [];
    const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1).replace('.0', '');
    return [
      `The disk of ${dirname(this.#path)} is full: the journal lives on what was reserved for it (${megabytes(this.#bytes)} of ${megabytes(RESERVE_BYTES)} MB left), and no run starts. Free disk space on this machine.`,
    ];
  }

  #append(bytes: number): void {
    const step = randomBytes(STEP_BYTES);
    const descriptor = openSync(this.#path, 'a', 0o600);
    try {
      for (let left = bytes; left > 0; left -= step.length) {
        writeFileSync(descriptor, left < step.length ? step.subarray(0, left) : step);
      }
    } finally {
      closeSync(descriptor);
      this.#bytes = statSync(this.#path).size;
    }
  }

  #become(isShort: boolean): void {
    if (this.#isShort === isShort) return;
    this.#isShort = isShort;
    this.onChange();
  }
}

/** Makes the reserve, says when it is given from, and makes it whole again once it can be. Returns how to stop. */
export function keepReserve(reserve: DiskReserve, log: AgentLog, onChange: () => void): () => void {
  const tell = () => {
    const [warning] = reserve.warnings;
    if (warning === undefined) log.info('Disk reserve is whole again');
    else log.error('Disk is full', { warning });
  };
  reserve.onChange = () => {
    tell();
    onChange();
  };
  if (reserve.warnings.length > 0) tell();
  reserve.restore();
  const timer = setInterval(() => reserve.restore(), LOOK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    reserve.onChange = () => undefined;
  };
}
