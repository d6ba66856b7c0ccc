import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunFile, readRunFile } from '../../../../src/agent/runs/read-run-file.ts';

let dir: string;
let runDir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-file-'));
  runDir = join(dir, 'run');
  mkdirSync(join(runDir, 'out/deep'), { recursive: true });
  mkdirSync(join(runDir, 'home'));
  writeFileSync(join(dir, 'secret'), 'not yours');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function read(file: RunFile): Promise<string | undefined> {
  try {
    const pieces: Buffer[] = [];
    for await (const piece of readRunFile(runDir, file)) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces).toString();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

test('a file is read whole, from the area and the folder it lies in', async () => {
  const text = 'ä'.repeat(300_000);
  writeFileSync(join(runDir, 'out/deep/report é.txt'), text);
  writeFileSync(join(runDir, 'home/notes'), 'n');
  expect(await read({ area: 'out', path: 'deep/report é.txt' })).toBe(text);
  expect(await read({ area: 'home', path: 'notes' })).toBe('n');
  expect(await read({ area: 'out', path: 'notes' })).toBe('FILE_NOT_FOUND');
});

test.each(['../../secret', 'deep/../../../secret', '/etc/passwd', './deep', 'deep', '', 'deep/'])(
  'what is not a file of the run is not read: %s',
  async (path) => {
    expect(await read({ area: 'out', path })).toBe('FILE_NOT_FOUND');
  },
);

test('a link is no file of the run, and neither is one behind a folder that is a link', async () => {
  symlinkSync(join(dir, 'secret'), join(runDir, 'out/link'));
  symlinkSync(dir, join(runDir, 'out/folder'));
  expect(await read({ area: 'out', path: 'link' })).toBe('FILE_NOT_FOUND');
  expect(await read({ area: 'out', path: 'folder/secret' })).toBe('FILE_NOT_FOUND');
});

test('a robot that puts links in the way meanwhile has nothing else read', async () => {
  mkdirSync(join(runDir, 'out/a'));
  writeFileSync(join(runDir, 'out/a/secret'), 'mine');
  let isOver = false;
  const swap = async () => {
    while (!isOver) {
      renameSync(join(runDir, 'out/a'), join(runDir, 'out/b'));
      symlinkSync(dir, join(runDir, 'out/a'));
      await new Promise((go) => setImmediate(go));
      rmSync(join(runDir, 'out/a'));
      renameSync(join(runDir, 'out/b'), join(runDir, 'out/a'));
      await new Promise((go) => setImmediate(go));
    }
  };
  const swapping = swap();
  const answers = new Set<string | undefined>();
  for (let round = 0; round < 300; round++) answers.add(await read({ area: 'out', path: 'a/secret' }));
  isOver = true;
  await swapping;
  answers.delete('FILE_NOT_FOUND');
  answers.delete('mine');
  expect([...answers]).toEqual([]);
});
