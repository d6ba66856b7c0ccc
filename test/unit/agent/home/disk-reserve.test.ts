import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskReserve } from '../../../../src/agent/home/disk-reserve.ts';

const MB = 1024 * 1024;

let dir: string;
let path: string;
let reserve: DiskReserve;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-reserve-'));
  path = join(dir, 'reserve');
  reserve = new DiskReserve(path);
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the reserve', () => {
  test('is a file of 8 MB that takes up what it says, for its owner alone', () => {
    expect(reserve.isWhole).toBe(false);
    expect(reserve.restore()).toBe(true);
    const { size, blocks, mode } = statSync(path);
    expect([size, mode & 0o777]).toEqual([8 * MB, 0o600]);
    expect(blocks * 512).toBeGreaterThanOrEqual(8 * MB);
    expect(reserve.isWhole).toBe(true);
  });

  test('is given step by step, until nothing is left', () => {
    reserve.restore();
    const sizes = [];
    for (let steps = 0; steps < 100 && reserve.release(); steps++) sizes.push(statSync(path).size);
    expect(sizes.slice(0, 2)).toEqual([7.75 * MB, 7.5 * MB]);
    expect(sizes.at(-1)).toBe(0);
    expect(sizes).toHaveLength(32);
  });

  test('says while it is in use how much is left, and tells when that begins and ends', () => {
    const told: string[][] = [];
    reserve.restore();
    reserve.onChange = () => told.push(reserve.warnings);
    reserve.release();
    reserve.release();
    expect(reserve.restore()).toBe(true);
    expect(told).toEqual([
      [expect.stringMatching(/^The disk of .* is full: .*\(7\.8 of 8 MB left\).* Free disk space/)],
      [],
    ]);
  });

  test('that an earlier agent gave from is made whole', () => {
    reserve.restore();
    truncateSync(path, 1);
    const later = new DiskReserve(path);
    expect(later.isWhole).toBe(false);
    expect(later.restore()).toBe(true);
    expect(statSync(path).size).toBe(8 * MB);
  });
});
