import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toAgentError } from '../../../src/shared/errors.ts';
import { makeZip } from '../../helpers/make-zip.ts';
import { MANIFEST, ROBOT_ZIP, type Shelf, sha256, sourceFileOf, startShelf } from './shelf.ts';

const DIGEST = sha256(ROBOT_ZIP);
const OTHER_ZIP = makeZip([MANIFEST, { name: 'robot.mjs', content: 'console.log(2)\n' }]);

let shelf: Shelf;
beforeEach(async () => {
  shelf = await startShelf();
  shelf.put('invoices', ROBOT_ZIP);
});
afterEach(() => shelf.close());

describe('a package store', () => {
  test('makes a package ready under the hash of its bytes', async () => {
    const unpacked = await shelf.store.ensurePackage(shelf.request('invoices'));
    expect(unpacked).toEqual({
      digest: DIGEST,
      dir: join(shelf.dir, DIGEST),
      manifest: { operations: [{ name: 'Run', shell: 'node robot.mjs' }], tools: {}, postInstall: [] },
      warnings: [],
    });
    expect(await readFile(join(unpacked.dir, 'robot.mjs'), 'utf8')).toBe('console.log(1)\n');
    expect(await shelf.names()).toEqual([DIGEST, 'index'].sort());
  });

  test('downloads once for all who ask at the same time', async () => {
    const askers = Array.from({ length: 10 }, () => shelf.store.ensurePackage(shelf.request('invoices')));
    const digests = (await Promise.all(askers)).map(({ digest }) => digest);
    expect({ digests, asked: shelf.asked }).toEqual({ digests: Array(10).fill(DIGEST), asked: ['invoices'] });
  });

  test('fails all who ask at the same time, and tries anew for who asks next', async () => {
    shelf.put('invoices', OTHER_ZIP);
    const request = () => shelf.request('invoices', { sourceFile: sourceFileOf(ROBOT_ZIP) });
    const ends = await Promise.allSettled([1, 2, 3].map(() => shelf.store.ensurePackage(request())));
    expect(ends.map((end) => end.status === 'rejected' && toAgentError(end.reason).code)).toEqual(
      Array(3).fill('PACKAGE_HASH_MISMATCH'),
    );
    shelf.put('invoices', ROBOT_ZIP);
    expect(await shelf.store.ensurePackage(request())).toMatchObject({ digest: DIGEST });
    expect(shelf.asked).toHaveLength(2);
  });

  test('has it at once afterwards, also after a restart', async () => {
    const first = await shelf.store.ensurePackage(shelf.request('invoices'));
    shelf.put('invoices', null);
    const again = { sourceFile: sourceFileOf(ROBOT_ZIP) };
    expect(await shelf.store.ensurePackage(shelf.request('invoices', again))).toEqual(first);
    expect(await shelf.reopen().ensurePackage(shelf.request('invoices', again))).toEqual(first);
    expect(shelf.asked).toHaveLength(1);
  });

  test('keeps one copy for two robots with the same package, though they come at the same time', async () => {
    shelf.put('orders', ROBOT_ZIP);
    const robots = ['invoices', 'orders'].map((id) => shelf.store.ensurePackage(shelf.request(id)));
    const [one, two] = await Promise.all(robots);
    expect([one?.dir, two?.dir]).toEqual([join(shelf.dir, DIGEST), join(shelf.dir, DIGEST)]);
    expect(await shelf.names()).toEqual([DIGEST, 'index'].sort());
  });

  test('makes a new revision beside the old one', async () => {
    const old = await shelf.store.ensurePackage(shelf.request('invoices'));
    shelf.put('invoices', OTHER_ZIP);
    const next = await shelf.store.ensurePackage(shelf.request('invoices'));
    expect(next.digest).toBe(sha256(OTHER_ZIP));
    expect(await readFile(join(old.dir, 'robot.mjs'), 'utf8')).toBe('console.log(1)\n');
    expect(await readFile(join(next.dir, 'robot.mjs'), 'utf8')).toBe('console.log(2)\n');
  });

  test('sees a new revision where only its name tells it, and says that no hash was checked', async () => {
    const sourceFile = { ...sourceFileOf(ROBOT_ZIP), contentHash: '' };
    expect(OTHER_ZIP.length).toBe(ROBOT_ZIP.length);
    await shelf.store.ensurePackage(shelf.request('invoices', { sourceFile, revision: 'invoices@1' }));
    shelf.put('invoices', OTHER_ZIP);
    const request = shelf.request('invoices', { sourceFile, revision: 'invoices@2' });
    const warning =
      'The content hash that the platform states for the package of INVOICES is of an unknown form; only its length was checked.';
    const fresh = { digest: sha256(OTHER_ZIP), warnings: [warning] };
    expect(await shelf.store.ensurePackage(request)).toMatchObject(fresh);
    expect(await shelf.reopen().ensurePackage(request)).toMatchObject(fresh);
    expect(shelf.asked).toHaveLength(2);
  });

  test('hands on the warnings of the manifest each time', async () => {
    const manifest = { name: 'kubot.yaml', content: `author: Ana\n${MANIFEST.content}` };
    shelf.put('invoices', makeZip([manifest]));
    const warnings = ['kubot.yaml line 1: author is not known and was left out.'];
    expect(await shelf.store.ensurePackage(shelf.request('invoices'))).toMatchObject({ warnings });
    expect(await shelf.store.ensurePackage(shelf.request('invoices'))).toMatchObject({ warnings });
  });
});

describe('a package store keeps nothing', () => {
  const noManifest = makeZip([{ name: 'robot.mjs', content: 'console.log(1)\n' }]);
  const badManifest = makeZip([{ name: 'kubot.yaml', content: 'operations:\n  - name: A\n' }]);
  const hostile = makeZip([MANIFEST, { name: '../evil', content: 'x' }]);
  const damaged = makeZip([
    MANIFEST,
    { name: 'robot.mjs', content: 'x', central: { crc: 1 }, local: { crc: 1 } },
  ]);
  const large = { contentLength: 513 * 1024 ** 2 };

  test.each<[string, Buffer, object, object]>([
    ['of another hash', OTHER_ZIP, sourceFileOf(ROBOT_ZIP), { code: 'PACKAGE_HASH_MISMATCH' }],
    ['cut off', ROBOT_ZIP.subarray(0, -30), {}, { code: 'PACKAGE_TRUNCATED' }],
    [
      'that is hostile',
      hostile,
      {},
      { code: 'PACKAGE_REFUSED', details: { entry: '../evil', rule: 'path-escape' } },
    ],
    [
      'that is damaged',
      damaged,
      {},
      { code: 'PACKAGE_REFUSED', details: { entry: 'robot.mjs', rule: 'checksum' } },
    ],
    [
      'too large',
      ROBOT_ZIP,
      large,
      { code: 'PACKAGE_REFUSED', details: { entry: null, rule: 'archive-size' } },
    ],
    [
      'without a manifest',
      noManifest,
      {},
      { code: 'MANIFEST_INVALID', details: { line: null, field: null } },
    ],
    [
      'with a bad manifest',
      badManifest,
      {},
      { code: 'MANIFEST_INVALID', details: { line: 2, field: 'operations[0].shell' } },
    ],
  ])('of a package %s', async (_what, zip, lie, expected) => {
    shelf.put('invoices', zip);
    const request = shelf.request('invoices', { sourceFile: { ...sourceFileOf(zip), ...lie } });
    const error = await shelf.store.ensurePackage(request).then(() => null, toAgentError);
    expect(error).toMatchObject(expected);
    expect(await shelf.names()).toEqual(['index']);
    expect(await readdir(join(shelf.dir, 'index'))).toEqual([]);
  });

  test('of a package whose making was ended', async () => {
    const ended = shelf.request('invoices', { signal: AbortSignal.abort() });
    const error = await shelf.store.ensurePackage(ended).then(() => null, toAgentError);
    expect(error).toMatchObject({ code: 'INTERRUPTED' });
    expect(await shelf.names()).toEqual(['index']);
  });

  test('that was half made by an agent that crashed', async () => {
    const { digest } = await shelf.store.ensurePackage(shelf.request('invoices'));
    const [index = ''] = await readdir(join(shelf.dir, 'index'));
    await writeFile(join(shelf.dir, '.download-0123456789abcdef.partial-1'), 'half');
    await writeFile(join(shelf.dir, '.download-0123456789abcdef'), 'whole');
    await mkdir(join(shelf.dir, `.${'a'.repeat(64)}.partial-1`, 'lib'), { recursive: true });
    await writeFile(join(shelf.dir, 'index', `${index}.partial-0123456789ab`), '{');
    const reopened = shelf.reopen();
    await reopened.sweep();
    expect(await shelf.names()).toEqual([digest, 'index'].sort());
    expect(await readdir(join(shelf.dir, 'index'))).toEqual([index]);
    await reopened.ensurePackage(shelf.request('invoices'));
    expect(shelf.asked).toHaveLength(1);
  });
});

describe('a package store makes a package again', () => {
  test.each<[string, (dir: string) => Promise<void>]>([
    ['its folder is gone', (dir) => rm(join(dir, DIGEST), { recursive: true })],
    ['its manifest is gone', (dir) => rm(join(dir, DIGEST, 'kubot.yaml'))],
    ['its manifest was emptied', (dir) => writeFile(join(dir, DIGEST, 'kubot.yaml'), '')],
    ['what was known of it is no JSON', (dir) => overwriteIndex(dir, '{"digest":')],
    ['what was known of it leads elsewhere', (dir) => overwriteIndex(dir, '{"digest":"../../etc"}')],
  ])('when %s', async (_what, harm) => {
    await shelf.store.ensurePackage(shelf.request('invoices'));
    await harm(shelf.dir);
    const { dir, manifest } = await shelf.reopen().ensurePackage(shelf.request('invoices'));
    expect(manifest.operations).toHaveLength(1);
    expect((await readdir(dir)).sort()).toEqual(['kubot.yaml', 'robot.mjs']);
    expect(shelf.asked).toHaveLength(2);
  });
});

async function overwriteIndex(dir: string, text: string): Promise<void> {
  for (const name of await readdir(join(dir, 'index'))) await writeFile(join(dir, 'index', name), text);
}
