import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSettingsFile, writeSetting } from '../../../src/agent/config/settings-file.ts';
import { DiskReserve } from '../../../src/agent/home/disk-reserve.ts';
import { isFull } from '../../../src/agent/home/disk-space.ts';
import { takeHomeLock } from '../../../src/agent/home/home-lock.ts';
import { homePaths } from '../../../src/agent/home/home-paths.ts';
import { replaceFile } from '../../../src/agent/home/replace-file.ts';
import { type Journal, openJournal, openJournalReadOnly } from '../../../src/agent/journal/open-journal.ts';
import { createRunLog } from '../../../src/agent/logs/log-pipeline.ts';
import { uploadLog } from '../../../src/agent/logs/upload-log.ts';
import type { Run } from '../../../src/shared/run.ts';
import { aRun } from '../../helpers/a-run.ts';
import { describeWithSmallDisks, openSmallDisk, type SmallDisk } from '../../helpers/small-disk.ts';

const MB = 1024 * 1024;
const STATES = ['preparing', 'running', 'settling', 'ended'] as const;

describeWithSmallDisks('on a full disk', import.meta.filename, () => {
  let disk: SmallDisk;
  let path: string;
  let journal: Journal | null = null;
  beforeAll(() => {
    disk = openSmallDisk(24);
  });
  afterAll(async () => {
    journal?.close();
    await disk.close();
  });
  beforeEach(() => {
    journal?.close();
    journal = null;
    for (const name of readdirSync(disk.dir)) rmSync(join(disk.dir, name), { recursive: true });
    path = join(disk.dir, 'journal.db');
  });

  function withReserve(): DiskReserve {
    const reserve = new DiskReserve(homePaths(disk.dir).reserve);
    reserve.restore();
    return reserve;
  }

  const idOf = (number: number) => `01890000-0000-7000-8000-${String(number).padStart(12, '0')}`;

  /** So many runs from their beginning to their end, each state a transaction. */
  function live(count: number, writing: Journal, then: () => void = () => undefined): void {
    for (let number = 0; number < count; number++) {
      let run: Run = aRun({ id: idOf(number) });
      writing.runs.insert(run, run.id);
      for (const state of STATES) {
        run = { ...run, state };
        writing.runs.update(run, '2026-01-01T00:00:00Z');
        writing.runs.saveShipping(run.id, { seq: number });
        then();
      }
    }
  }

  /** The whole life of every run. */
  const lives = (reading: Journal, count: number) =>
    Array.from({ length: count }, (_, number) => reading.runs.timeline(idOf(number)).length);
  const whole = (count: number) => Array.from({ length: count }, () => 1 + STATES.length);

  test('the journal refuses a change where there is no reserve, and stays readable', () => {
    journal = openJournal(path);
    live(1, journal);
    disk.fill();
    const writing = journal;
    expect(() => live(200, writing)).toThrow(/full|UNIQUE/);
    expect(() => writing.runs.insert(aRun({ id: idOf(9999) }), 'x')).toThrow(/full/);
    expect(lives(writing, 1)).toEqual(whole(1));
    const reading = openJournalReadOnly(path);
    expect(lives(reading, 1)).toEqual(whole(1));
    reading.close();
  });

  test('the journal loses no change: it writes into its reserve', () => {
    const reserve = withReserve();
    journal = openJournal(path, { release: () => reserve.release() });
    disk.fill();
    live(200, journal);
    expect(lives(journal, 200)).toEqual(whole(200));
    expect(reserve.isWhole).toBe(false);
    expect(reserve.warnings).toHaveLength(1);
  });

  test('the journal loses no change to a program that takes each byte that comes free', () => {
    const reserve = withReserve();
    journal = openJournal(path, { release: () => reserve.release() });
    // Until SQLite goes over to the journal itself, and begins its log anew.
    live(200, journal);
    disk.fill();
    let number = 200;
    const run = aRun({ id: idOf(number++) });
    journal.runs.insert(run, run.id);
    for (let times = 0; times < 20; times++) {
      disk.fill();
      journal.runs.update({ ...run, state: 'running', operation: `${times}` }, '2026-01-01T00:00:00Z');
      expect(journal.runs.find(run.id)?.operation).toBe(`${times}`);
    }
  });

  test('an agent can take its home, open its journal, and find all that it wrote', () => {
    const reserve = withReserve();
    const first = openJournal(path, { release: () => reserve.release() });
    live(50, first);
    disk.fill();
    first.close();
    disk.fill();
    const paths = homePaths(disk.dir);
    const lock = takeHomeLock(paths, { pid: 1, startedAt: 'now', socketPath: null, version: '0' });
    const left = new DiskReserve(paths.reserve);
    journal = openJournal(path, { release: () => left.release() });
    expect(lives(journal, 50)).toEqual(whole(50));
    lock.release();
  });

  test('the reserve is made whole once there is room for it and as much again', () => {
    const reserve = withReserve();
    disk.fill();
    reserve.release();
    disk.fill(4 * MB);
    expect(reserve.restore()).toBe(false);
    disk.free();
    expect(reserve.restore()).toBe(true);
    expect(reserve.warnings).toEqual([]);
  });

  test('settings stay as they were, whole, and the writer is told', async () => {
    const robots = Object.fromEntries(
      Array.from({ length: 400 }, (_, number) => [`ROBOT_${number}`, { desktop: true }]),
    );
    const before = JSON.stringify({ robots });
    writeFileSync(homePaths(disk.dir).settings, before);
    // One page is left: what is written in part must not count as written.
    disk.fill(4096);
    await expect(writeSetting(disk.dir, 'pollMinMs', 3000)).rejects.toMatchObject({
      code: 'HOST_DISK',
      message: expect.stringContaining('stays as it was'),
    });
    expect(readFileSync(homePaths(disk.dir).settings, 'utf8')).toBe(before);
    expect(readdirSync(disk.dir).sort()).toEqual(['filled', 'settings.json']);
    disk.free();
    await writeSetting(disk.dir, 'pollMinMs', 3000);
    expect(readSettingsFile(disk.dir)).toEqual({ robots, pollMinMs: 3000 });
  });

  test('a file of the gateway stays as it was, whole', async () => {
    const target = join(disk.dir, 'trust-bundle.pem');
    await replaceFile(target, 'old', 0o644);
    disk.fill(4096);
    await expect(replaceFile(target, 'new'.repeat(5000), 0o644)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readFileSync(target, 'utf8')).toBe('old');
    expect(readdirSync(disk.dir).sort()).toEqual(['filled', 'trust-bundle.pem']);
  });

  test('a run log that cannot be packed for its task keeps nobody waiting', async () => {
    const runLogPath = join(disk.dir, 'run.log');
    const log = createRunLog({ path: runLogPath, secrets: [], now: Date.now });
    for (let line = 0; line < 2000; line++) log.agentLine('INFO', idOf(line));
    log.end();
    disk.fill();
    const never = () => Promise.reject(new Error('There is nothing to wait for'));
    const options = { processId: 'p', runId: 'r', runLogPath, documentMaxBytes: MB };
    expect(await uploadLog({ ...options, api: { uploadDocument: never } }, { wait: never })).toEqual({
      documentUri: null,
      problem: 'The disk of the host is full.',
      link: null,
    });
    expect(readdirSync(disk.dir).sort()).toEqual(['filled', 'run.log']);
  });

  test('it is known for full while less than 1 MB is free', () => {
    disk.fill(2 * MB);
    expect(isFull(disk.dir)).toBe(false);
    disk.fill(64 * 1024);
    expect(isFull(disk.dir)).toBe(true);
  });
});
