import { type ChildProcess, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeZip, type ZipEntrySpec } from '../../helpers/make-zip.ts';
import { MANIFEST, ROBOT_ZIP, type Shelf, sha256, sourceFileOf, startShelf } from './shelf.ts';

const SCRIPT = resolve(import.meta.dirname, '../../fixtures/packages/ensure-package.ts');
/** The most that a file of the child may have, in blocks of 512 bytes. */
const MOST_BLOCKS = 100;
const LARGER = 500_000;

let shelf: Shelf;
let child: ChildProcess | null;
beforeEach(async () => {
  shelf = await startShelf();
  child = null;
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await shelf.close();
});

/** Another process makes the package ready in the same folder. */
function startChild(zip: Buffer, before: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
  shelf.put('child', zip);
  const url = `${shelf.url}/robots/child/~actions/download-source-code`;
  const parameters = [process.execPath, SCRIPT, shelf.dir, url, JSON.stringify(sourceFileOf(zip))];
  const started = spawn('/bin/sh', ['-c', `${before} exec "$@"`, 'sh', ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  return started;
}

describe('an agent that is killed', () => {
  test.each<[string, number | null, RegExp]>([
    ['while a package comes', 10_000, /^\.download-.*\.partial-/],
    ['while a package is unpacked', null, /^\.[0-9a-f]{64}\.partial-/],
  ])('%s leaves nothing that is used, or that stays after a sweep', async (_what, stallAfter, half) => {
    // Unpacking takes some time, so that the kill comes in the middle of it.
    const count = stallAfter === null ? 1500 : 300;
    const files = Array.from({ length: count }, (_one, index) => ({
      name: `f${index}`,
      content: `${index}`,
    }));
    const zip = makeZip([MANIFEST, ...files]);
    shelf.stallAfter = stallAfter;
    const running = startChild(zip, '');
    const exited = new Promise((done) => running.once('exit', done));
    await until(
      async () => running.exitCode !== null || (await shelf.names()).some((name) => half.test(name)),
    );
    running.kill('SIGKILL');
    await exited;
    const reopened = shelf.reopen();
    await reopened.sweep();
    expect((await shelf.names()).filter((name) => name !== 'index' && name !== sha256(zip))).toEqual([]);
    shelf.stallAfter = null;
    const { dir } = await reopened.ensurePackage(shelf.request('child'));
    expect(await readdir(dir)).toHaveLength(count + 1);
  });
});

describe('a disk that takes no more', () => {
  const limited = `trap '' XFSZ; ulimit -f ${MOST_BLOCKS};`;

  test.each<[string, string, Buffer]>([
    ['downloaded', 'the first of many pieces', makeZip([MANIFEST, stored(LARGER)])],
    ['downloaded', 'the only piece', makeZip([MANIFEST, stored(60_000)])],
    [
      'unpacked',
      'a file of memory’s size',
      makeZip([MANIFEST, { name: 'f', content: Buffer.alloc(LARGER) }]),
    ],
    ['unpacked', 'a larger file', makeZip([MANIFEST, { name: 'f', content: Buffer.alloc(10 * LARGER) }])],
  ])('is this host’s failure, not the package’s, while it is %s: %s', async (work, _what, zip) => {
    const { stdout } = startChild(zip, limited);
    expect(JSON.parse(await text(stdout))).toEqual({
      code: 'HOST_DISK',
      message: expect.stringContaining(
        `The disk could not be used while the package of CHILD was ${work}: EFBIG`,
      ),
    });
    expect(await shelf.names()).toEqual(['index']);
  });

  test('that is large enough is none', async () => {
    const { stdout } = startChild(ROBOT_ZIP, limited);
    expect(JSON.parse(await text(stdout))).toEqual({ digest: sha256(ROBOT_ZIP) });
  });
});

function stored(bytes: number): ZipEntrySpec {
  return { name: 'f', content: Buffer.alloc(bytes), method: 0 };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(1);
}
