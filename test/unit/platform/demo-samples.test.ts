import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadedSamples, loadSamples } from '../../../src/platform/demo-samples.ts';

const samplesDir = join(import.meta.dirname, '..', '..', '..', 'assets', 'samples');

let targetDir: string;

beforeEach(async () => {
  targetDir = await mkdtemp(join(tmpdir(), 'kubot-samples-'));
});

afterEach(() => rm(targetDir, { recursive: true, force: true }));

describe('loadSamples', () => {
  it('fills the version of Python into the manifests and leaves no robot out', async () => {
    const { leftOut, seed, seedDir } = await loadSamples({ samplesDir, targetDir, python: '3.11.7' });
    expect(leftOut).toEqual([]);
    expect(seedDir).toBe(targetDir);
    expect(seed.robots.map((robot) => robot.code)).toEqual([
      'INVOICE_CHECK',
      'ORDERS_DIGEST',
      'INBOX_SORTER',
    ]);
    for (const folder of ['invoice-check', 'inbox-sorter']) {
      const manifest = await readFile(join(targetDir, folder, 'kubot.yaml'), 'utf8');
      expect(manifest).toContain('python: "3.11.7"');
    }
  });

  it('writes a seed directory whose every file is there', async () => {
    const { seed } = await loadSamples({ samplesDir, targetDir, python: '3.12.1' });
    expect(JSON.parse(await readFile(join(targetDir, 'seed.json'), 'utf8'))).toEqual(seed);
    for (const process of seed.processes) {
      for (const document of process.documents) {
        await expect(readFile(join(targetDir, document.file))).resolves.toBeDefined();
      }
    }
  });

  it('gives processes and tasks fresh ids each time, and robots none', async () => {
    const first = await loadSamples({ samplesDir, targetDir, python: '3.11.7' });
    const second = await loadSamples({ samplesDir, targetDir, python: '3.11.7' });
    expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBe(2 * idsOf(first).length);
    expect(first.seed.robots.filter((robot) => 'id' in robot)).toEqual([]);
  });

  it.each([
    [null, 'this machine has none'],
    ['3.8.18', 'this machine has 3.8.18'],
  ])('leaves the Python robots out for Python %s and says why', async (python, reason) => {
    const { leftOut, seed } = await loadSamples({ samplesDir, targetDir, python });
    expect(leftOut.map(({ robot }) => robot)).toEqual(['INVOICE_CHECK', 'INBOX_SORTER']);
    for (const entry of leftOut) expect(entry.reason).toContain(reason);
    expect(seed.robots.map((robot) => robot.code)).toEqual(['ORDERS_DIGEST']);
    expect(seed.processDefinitions.flatMap(({ tasks }) => tasks.map((task) => task.code))).toEqual([
      'ORDERS_DIGEST',
    ]);
    expect(seed.processes.flatMap(({ documents }) => documents.map((document) => document.file))).toEqual([
      'orders-digest/input/orders.csv',
    ]);
    expect((await readdir(targetDir)).sort()).toEqual(['orders-digest', 'seed.json']);
  });

  it('serves Python 3.10 as newer than 3.9', async () => {
    expect((await loadSamples({ samplesDir, targetDir, python: '3.10.13' })).leftOut).toEqual([]);
  });
});

function idsOf({ seed }: LoadedSamples): (string | undefined)[] {
  return seed.processes.flatMap((process) => [process.id, ...process.tasks.map((task) => task.id)]);
}
