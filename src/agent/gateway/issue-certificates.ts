// Entry of a short child process: reads a request on stdin, writes the certificates on stdout. It alone loads
// the two certificate libraries (18 MB, 130 ms), and keys never show in a command line.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { text } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';
import { type CertifiedKey, type IssuedCertificates, IssueRequestSchema } from './issued-certificates.ts';
import { findPemBlocks } from './pem.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const CA_DAYS = 3650;
const LEAF_DAYS = 90;
/** Clocks of sandboxes, virtual machines and containers may lag behind. */
const BACKDATED_DAYS = 1;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface Issuer {
  certificate: x509.X509Certificate;
  privateKey: webcrypto.CryptoKey;
}

async function issue(): Promise<void> {
  const { nowMs, ca } = IssueRequestSchema.parse(JSON.parse(await text(process.stdin)));
  const { issuer, issued } = ca === null ? await issueCa(nowMs) : await readCa(ca);
  const answer: IssuedCertificates = { ca: issued, leaf: await issueLeaf(nowMs, issuer) };
  process.stdout.write(JSON.stringify(answer));
}

async function issueCa(nowMs: number): Promise<{ issuer: Issuer; issued: CertifiedKey }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  // A random part, so that stacks which look issuers up by name never mix two installations.
  const name = `CN=KuBot Runner gateway ${x509Serial().slice(0, 8)}`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: x509Serial(),
    name,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(nowMs - BACKDATED_DAYS * DAY_MS),
    notAfter: new Date(nowMs + CA_DAYS * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    issuer: { certificate, privateKey: keys.privateKey },
    issued: await toCertifiedKey(certificate, keys.privateKey),
  };
}

async function readCa(ca: CertifiedKey): Promise<{ issuer: Issuer; issued: CertifiedKey }> {
  const [keyPem = ''] = findPemBlocks(ca.keyPem, 'PRIVATE KEY');
  const pkcs8 = x509.PemConverter.decodeFirst(keyPem);
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign']);
  return { issuer: { certificate: new x509.X509Certificate(ca.certPem), privateKey }, issued: ca };
}

async function issueLeaf(nowMs: number, issuer: Issuer): Promise<CertifiedKey> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const wanted = nowMs + LEAF_DAYS * DAY_MS;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: x509Serial(),
    subject: 'CN=127.0.0.1',
    issuer: issuer.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: issuer.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(nowMs - BACKDATED_DAYS * DAY_MS),
    notAfter: new Date(Math.min(wanted, issuer.certificate.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await toCertifiedKey(certificate, keys.privateKey);
}

async function toCertifiedKey(
  certificate: x509.X509Certificate,
  privateKey: webcrypto.CryptoKey,
): Promise<CertifiedKey> {
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', privateKey);
  return {
    certPem: `${certificate.toString('pem')}\n`,
    keyPem: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

/** 16 random bytes as hex, positive and without a leading zero byte, as RFC 5280 wants serial numbers. */
function x509Serial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

await issue();
