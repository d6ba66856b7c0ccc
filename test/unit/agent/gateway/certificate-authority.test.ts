import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensureCertificates,
  isLeafDue,
  renewLeaf,
} from '../../../../src/agent/gateway/certificate-authority.ts';
import { runNodeScript } from '../../../../src/agent/process/run-node-script.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const START_MS = Date.UTC(2026, 5, 1, 12);

let dir: string;
let nowMs: number;
let issued: string[][];

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'kubot-ca-')), 'with é space', 'gateway');
  nowMs = START_MS;
  issued = [];
});
afterEach(() => rm(join(dir, '..', '..'), { recursive: true, force: true }));

const authority = () => ({
  dir,
  now: () => nowMs,
  runNode: (scriptPath: string, args: string[], input: string) => {
    issued.push(args);
    return runNodeScript(scriptPath, args, input);
  },
});

describe('ensureCertificates', () => {
  it('issues an authority of ten years and a leaf of ninety days, both from the day before', async () => {
    const { caCertPem, leaf, leafExpiresAtMs } = await ensureCertificates(authority());
    const ca = new X509Certificate(caCertPem);
    const certificate = new X509Certificate(leaf.certPem);
    expect({
      caFrom: ca.validFromDate.getTime(),
      caTo: ca.validToDate.getTime(),
      caIsAuthority: ca.ca,
      leafFrom: certificate.validFromDate.getTime(),
      leafTo: certificate.validToDate.getTime(),
      leafIsAuthority: certificate.ca,
      leafExpiresAtMs,
      address: certificate.checkIP('127.0.0.1'),
      anotherAddress: certificate.checkIP('127.0.0.2'),
      usage: certificate.keyUsage,
      signed: certificate.verify(ca.publicKey),
      curve: certificate.publicKey.asymmetricKeyDetails?.namedCurve,
    }).toEqual({
      caFrom: START_MS - DAY_MS,
      caTo: START_MS + 3650 * DAY_MS,
      caIsAuthority: true,
      leafFrom: START_MS - DAY_MS,
      leafTo: START_MS + 90 * DAY_MS,
      leafIsAuthority: false,
      leafExpiresAtMs: START_MS + 90 * DAY_MS,
      address: '127.0.0.1',
      anotherAddress: undefined,
      usage: ['1.3.6.1.5.5.7.3.1'],
      signed: true,
      curve: 'prime256v1',
    });
  });

  it.skipIf(process.platform === 'win32')('keeps keys to their owner', async () => {
    await ensureCertificates(authority());
    const modes = await Promise.all(
      ['', 'ca.pem', 'leaf.pem'].map(async (name) => (await stat(join(dir, name))).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });

  it('passes no key in an argument', async () => {
    await ensureCertificates(authority());
    expect(issued).toEqual([[]]);
  });

  it('uses what is there at the next start', async () => {
    const first = await ensureCertificates(authority());
    nowMs += 59 * DAY_MS;
    expect(await ensureCertificates(authority())).toEqual(first);
    expect(issued.length).toBe(1);
  });

  it('renews a leaf with under thirty days left under the same authority', async () => {
    const first = await ensureCertificates(authority());
    nowMs += 61 * DAY_MS;
    expect(isLeafDue(first, nowMs)).toBe(true);
    const renewed = await renewLeaf(authority());
    expect(renewed.caCertPem).toBe(first.caCertPem);
    expect(renewed.leafExpiresAtMs).toBe(nowMs + 90 * DAY_MS);
    expect(isLeafDue(renewed, nowMs)).toBe(false);
  });

  it.each([
    ['with less than a year left', () => (nowMs += 3300 * DAY_MS)],
    ['of a future that the clock was put back from', () => (nowMs -= 30 * DAY_MS)],
    ['that is damaged', () => writeFile(join(dir, 'ca.pem'), 'no pem')],
    ['whose key has gone', async () => stripKey(join(dir, 'ca.pem'))],
  ])('replaces an authority %s', async (_what, change) => {
    const first = await ensureCertificates(authority());
    await change();
    const second = await ensureCertificates(authority());
    expect(second.caCertPem).not.toBe(first.caCertPem);
    const ca = new X509Certificate(second.caCertPem);
    expect(new X509Certificate(second.leaf.certPem).verify(ca.publicKey)).toBe(true);
  });

  it('replaces a leaf that another authority signed', async () => {
    const first = await ensureCertificates(authority());
    await rm(join(dir, 'ca.pem'));
    const leaf = await readFile(join(dir, 'leaf.pem'));
    await ensureCertificates(authority());
    await writeFile(join(dir, 'leaf.pem'), leaf);
    expect((await ensureCertificates(authority())).leaf.certPem).not.toBe(first.leaf.certPem);
  });

  it('names the folder that it cannot make', async () => {
    await mkdir(join(dir, '..'));
    await writeFile(dir, 'a file in its place');
    await expect(ensureCertificates(authority())).rejects.toMatchObject({
      code: 'HOME_UNUSABLE',
      message: `Certificates could not be written to ${dir}.`,
    });
  });

  it('quotes nothing of an answer that it cannot read, since that may hold a key', async () => {
    const runNode = async () => 'SECRET KEY';
    await expect(ensureCertificates({ ...authority(), runNode })).rejects.toMatchObject({
      code: 'UNEXPECTED',
      message: "The script that issues the gateway's certificates gave no answer.",
    });
  });
});

async function stripKey(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.slice(0, text.indexOf('-----BEGIN PRIVATE KEY')));
}
