import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkPublisher } from '../../../../src/agent/packages/check-publisher.ts';
import {
  aPublisher,
  FILES,
  type Publisher,
  signatureOf,
  writeFiles,
} from '../../../helpers/signed-package.ts';

const acme = aPublisher();
const other = aPublisher();

let dir: string;
let pins: Map<string, string>;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-publisher-'));
  await writeFiles(dir, FILES);
  pins = new Map();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const signBy = (publisher: Publisher) => writeFile(join(dir, 'kubot.sig'), signatureOf(FILES, publisher));

const check = (
  packageSignatures: 'off' | 'warn' | 'require',
  publisherKeys: Record<string, string> = {},
  robotCode = 'INVOICES',
) =>
  checkPublisher({
    robotCode,
    packageDir: dir,
    settings: { packageSignatures, publisherKeys },
    pinned: {
      find: (code) => pins.get(code) ?? null,
      pin: (code, key) => void pins.set(code, key),
    },
  });

describe('a policy that is off', () => {
  test('looks at nothing, and pins nothing', async () => {
    await signBy(acme);
    expect([await check('off'), [...pins]]).toEqual([{ signature: null, warnings: [] }, []]);
  });
});

describe('a package without a signature', () => {
  const message = 'The package of INVOICES is not signed, and packageSignatures asks for signed ones here.';

  test('is warned of', async () => {
    expect(await check('warn')).toEqual({
      signature: { state: 'unsigned', key: null, publisher: null },
      warnings: [message],
    });
  });

  test('is refused by policy: another host may take it', async () => {
    await expect(check('require')).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      message,
      hint: 'Have its publisher sign it (docs/write-a-robot.md says how).',
    });
  });
});

describe('a package with a signature that does not fit', () => {
  const message =
    'The package of INVOICES has a signature (kubot.sig) that does not fit: the package was changed after it was signed, or is not what was signed.';
  beforeEach(async () => {
    await signBy(acme);
    await writeFile(join(dir, 'run.sh'), 'rm -rf /\n');
  });

  test('is warned of, and its key is not pinned', async () => {
    expect([await check('warn'), [...pins]]).toEqual([
      { signature: { state: 'broken', key: null, publisher: null }, warnings: [message] },
      [],
    ]);
  });

  test('is refused for itself, whoever is trusted', async () => {
    await expect(check('require', { Acme: acme.key })).rejects.toMatchObject({
      code: 'PACKAGE_REFUSED',
      message,
      details: { entry: 'kubot.sig', rule: 'signature' },
    });
  });
});

describe('with publishers that are named', () => {
  test('a key of theirs is trusted, and has their name', async () => {
    await signBy(acme);
    expect(await check('require', { Else: other.key, Acme: acme.key })).toEqual({
      signature: { state: 'trusted', key: acme.key, publisher: 'Acme' },
      warnings: [],
    });
  });

  test('any other is not, also one that was pinned before', async () => {
    await signBy(acme);
    pins.set('INVOICES', acme.key);
    await expect(check('require', { Else: other.key })).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      message: `The package of INVOICES is signed with the key ${acme.key}, which is none of publisherKeys.`,
      hint: "If that is its publisher's key, add it to publisherKeys, or to robots.INVOICES.publisherKeys.",
    });
  });

  test('nothing is pinned', async () => {
    await signBy(acme);
    await check('require', { Acme: acme.key });
    expect([...pins]).toEqual([]);
  });
});

describe('without any', () => {
  test('the first key of a robot is trusted from then on, for that robot', async () => {
    await signBy(acme);
    expect(await check('require')).toEqual({
      signature: { state: 'trusted', key: acme.key, publisher: null },
      warnings: [],
    });
    expect(await check('require')).toMatchObject({ signature: { state: 'trusted' } });
    expect([...pins]).toEqual([['INVOICES', acme.key]]);
  });

  test('another key later is refused, and the first stays', async () => {
    await signBy(acme);
    await check('require');
    await signBy(other);
    await expect(check('require')).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      message: `The package of INVOICES is signed with the key ${other.key}; the first that this machine saw for it was ${acme.key}.`,
      hint: 'If its publisher changed the key, name the new one in robots.INVOICES.publisherKeys.',
    });
    expect(await check('warn')).toMatchObject({
      signature: { state: 'untrusted', key: other.key, publisher: null },
      warnings: [expect.stringContaining('the first that this machine saw')],
    });
    expect([...pins]).toEqual([['INVOICES', acme.key]]);
  });

  test('another robot may be somebody else’s', async () => {
    await signBy(acme);
    await check('require');
    await signBy(other);
    expect(await check('require', {}, 'OTHER')).toMatchObject({
      signature: { state: 'trusted', key: other.key },
    });
  });
});
