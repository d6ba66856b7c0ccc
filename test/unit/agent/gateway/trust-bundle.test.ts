import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureCertificates } from '../../../../src/agent/gateway/certificate-authority.ts';
import { findPemBlocks, pemBody } from '../../../../src/agent/gateway/pem.ts';
import { mergeTrustBundle, writeTrustBundle } from '../../../../src/agent/gateway/trust-bundle.ts';
import { runNodeScript } from '../../../../src/agent/process/run-node-script.ts';

let dir: string;
let gatewayCaPem: string;
let companyCaPem: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-bundle-'));
  const make = async (name: string) =>
    (await ensureCertificates({ dir: join(dir, name), runNode: runNodeScript, now: Date.now })).caCertPem;
  [gatewayCaPem, companyCaPem] = await Promise.all([make('gateway'), make('company')]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const bodiesOf = async (path: string) =>
  findPemBlocks(await readFile(path, 'utf8'), 'CERTIFICATE').map(pemBody);
const bodyOf = (pem: string) => pemBody(findPemBlocks(pem, 'CERTIFICATE')[0] ?? '');

describe('writeTrustBundle', () => {
  it('holds Node’s, the system’s, the configured and the gateway’s authorities, each once', async () => {
    const caFile = join(dir, 'company.pem');
    const crlf = companyCaPem.replaceAll('\n', '\r\n');
    await writeFile(caFile, `# our proxy\r\n${crlf}\r\n${crlf}`);
    const targetPath = join(dir, 'made', 'here', 'trust.pem');
    expect(await writeTrustBundle({ targetPath, caFiles: [caFile, caFile], gatewayCaPem })).toBe(targetPath);
    const bodies = await bodiesOf(targetPath);
    const expected = [...tls.getCACertificates('bundled'), ...tls.getCACertificates('system')].map(bodyOf);
    expect(new Set(bodies)).toEqual(new Set([...expected, bodyOf(companyCaPem), bodyOf(gatewayCaPem)]));
    expect(bodies.length).toBe(new Set(bodies).size);
  });

  it('is left as it is when it says the same already, so that a full disk is no matter', async () => {
    const targetPath = join(dir, 'same.pem');
    const options = { targetPath, caFiles: [], gatewayCaPem };
    const [first, second] = [
      await writeTrustBundle(options).then(stat),
      await writeTrustBundle(options).then(stat),
    ];
    expect(second.ino).toBe(first.ino);
    await writeTrustBundle({ ...options, gatewayCaPem: companyCaPem });
    expect(await bodiesOf(targetPath)).toContain(bodyOf(companyCaPem));
  });

  it.skipIf(process.platform === 'win32')(
    'is readable for every user and leaves nothing half-made',
    async () => {
      const targetDir = join(dir, 'modes');
      await mkdir(targetDir);
      const targetPath = join(targetDir, 'trust.pem');
      await writeFile(targetPath, 'old', { mode: 0o600 });
      await writeTrustBundle({ targetPath, caFiles: [], gatewayCaPem });
      expect((await stat(targetPath)).mode & 0o777).toBe(0o644);
      expect(await readdir(targetDir)).toEqual(['trust.pem']);
    },
  );

  it.each([
    ['is missing', null, /cannot be read/],
    ['holds no certificate', 'hello', /holds no PEM certificate/],
    [
      'holds a damaged certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      /damaged/,
    ],
  ])('names a configured file that %s', async (_what, content, message) => {
    const caFile = join(dir, 'bad.pem');
    await rm(caFile, { force: true });
    if (content !== null) await writeFile(caFile, content);
    const writing = writeTrustBundle({ targetPath: join(dir, 'never.pem'), caFiles: [caFile], gatewayCaPem });
    await expect(writing).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
    await expect(stat(join(dir, 'never.pem'))).rejects.toThrow(/ENOENT/);
  });
});

describe('mergeTrustBundle', () => {
  it('adds what a robot’s own file holds to the bundle', async () => {
    const bundlePath = join(dir, 'base.pem');
    await writeFile(bundlePath, gatewayCaPem);
    const targetPath = join(dir, 'merged.pem');
    const extra = [`${companyCaPem}\n${gatewayCaPem}`];
    expect(await mergeTrustBundle(bundlePath, extra, targetPath)).toEqual({ path: targetPath, added: 1 });
    const subjects = findPemBlocks(await readFile(targetPath, 'utf8'), 'CERTIFICATE').map(
      (block) => new X509Certificate(block).subject,
    );
    expect(subjects).toEqual([gatewayCaPem, companyCaPem].map((pem) => new X509Certificate(pem).subject));
  });

  it('counts nothing for a file without a certificate', async () => {
    const bundlePath = join(dir, 'base-alone.pem');
    await writeFile(bundlePath, gatewayCaPem);
    const merged = await mergeTrustBundle(bundlePath, ['-----BEGIN NOTHING-----'], join(dir, 'alone.pem'));
    expect(merged.added).toBe(0);
  });
});
