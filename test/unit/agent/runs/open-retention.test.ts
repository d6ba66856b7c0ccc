import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { homePaths } from '../../../../src/agent/home/home-paths.ts';
import { openJournal } from '../../../../src/agent/journal/open-journal.ts';
import { openRetention } from '../../../../src/agent/runs/open-retention.ts';

const quiet = () => undefined;
const log = { error: quiet, warn: quiet, info: quiet, debug: quiet };

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kubot-retention-'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(home, { recursive: true });
});

test('a home is looked through a minute after the start, and then each hour', async () => {
  const journal = openJournal(join(home, 'journal.db'));
  const settings = { runRetentionMs: 0, runRetentionBytes: 0, storeRetentionMs: 0, storeMaxBytes: 0 };
  const retention = openRetention({
    journal,
    paths: homePaths(home),
    settings,
    log,
    now: () => Date.now() + 1000,
    places: () => [],
  });
  const old = join(home, 'runs', 'old');
  mkdirSync(old, { recursive: true });
  vi.advanceTimersByTime(59_000);
  // In turn behind whatever pass was begun.
  expect((await retention.prune(true)).items).toMatchObject([{ id: 'old' }]);
  expect(existsSync(old)).toBe(true);
  vi.advanceTimersByTime(1000);
  await retention.prune(true);
  expect(existsSync(old)).toBe(false);
  mkdirSync(old);
  vi.advanceTimersByTime(60 * 60_000);
  await retention.close();
  expect(existsSync(old)).toBe(false);
  journal.close();
});
