import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../shared/errors.ts';
import { replaceFile } from '../home/replace-file.ts';
import { ownScript } from '../process/own-script.ts';
import {
  type CertifiedKey,
  type IssuedCertificates,
  IssuedCertificatesSchema,
  type IssueRequest,
} from './issued-certificates.ts';
import { findPemBlocks } from './pem.ts';

/** Runs a script of ours in a Node of its own and answers with its stdout; secrets go by `input` only. */
export type RunNode = (scriptPath: string, args: string[], input: string) => Promise<string>;

export interface CertificateAuthorityOptions {
  /** `<home>/gateway`; made with mode 0700. Holds `ca.pem` and `leaf.pem`, key and certificate in one, 0600. */
  dir: string;
  runNode: RunNode;
  now: () => number;
}

export interface GatewayCertificates {
  /** Public; goes into the trust bundle, never into the OS's trust store. */
  caCertPem: string;
  leaf: CertifiedKey;
  leafExpiresAtMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const RENEW_LEAF_DAYS = 30;
/** A new authority changes the trust bundle, so it is made at a start only, long before the old one ends. */
const RENEW_CA_DAYS = 365;

/**
 * The installation's authority and leaf: what is on disk if it is sound and lasts long enough, else newly issued.
 * For the start of the agent, before the trust bundle is written.
 * @throws AgentError HOME_UNUSABLE if they cannot be written, UNEXPECTED if the issuing script fails
 */
export async function ensureCertificates(options: CertificateAuthorityOptions): Promise<GatewayCertificates> {
  const ca = await readPair(join(options.dir, 'ca.pem'));
  const usableCa = ca !== null && lastsFor(ca, RENEW_CA_DAYS, options.now()) ? ca : null;
  return usableCa === null ? await issueAndStore(options, null) : await ensureLeaf(options, usableCa);
}

/**
 * The same with the authority that is there, however old: for a running agent, whose robots hold its bundle.
 * @throws AgentError UNEXPECTED if the authority has gone from the disk or issuing fails
 */
export async function renewLeaf(options: CertificateAuthorityOptions): Promise<GatewayCertificates> {
  const ca = await readPair(join(options.dir, 'ca.pem'));
  if (ca === null) {
    throw new AgentError(
      'UNEXPECTED',
      `The gateway's authority is missing or damaged: ${options.dir}/ca.pem.`,
    );
  }
  return await ensureLeaf(options, ca);
}

/**
 * What is wrong with the certificates on disk; null: nothing. For whoever only looks.
 * @returns `undefined` where none were made yet
 */
export async function findCertificateProblem(dir: string, nowMs: number): Promise<string | null | undefined> {
  const [caPath, leafPath] = [join(dir, 'ca.pem'), join(dir, 'leaf.pem')];
  if (!existsSync(caPath) && !existsSync(leafPath)) return undefined;
  const [ca, leaf] = await Promise.all([readPair(caPath), readPair(leafPath)]);
  if (ca === null) return `${caPath} holds no certificate with its key`;
  if (leaf === null) return `${leafPath} holds no certificate with its key`;
  if (!isSignedBy(leaf, ca)) return `${leafPath} was not issued by ${caPath}`;
  if (!lastsFor(ca, 0, nowMs)) return `${caPath} has expired, or is of the future`;
  if (!lastsFor(leaf, 0, nowMs)) return `${leafPath} has expired, or is of the future`;
  return null;
}

/** True once the leaf has less than 30 days left. */
export function isLeafDue(certificates: GatewayCertificates, nowMs: number): boolean {
  return certificates.leafExpiresAtMs - nowMs < RENEW_LEAF_DAYS * DAY_MS;
}

async function ensureLeaf(
  options: CertificateAuthorityOptions,
  ca: CertifiedKey,
): Promise<GatewayCertificates> {
  const leaf = await readPair(join(options.dir, 'leaf.pem'));
  const usable =
    leaf !== null && isSignedBy(leaf, ca) && lastsFor(leaf, RENEW_LEAF_DAYS, options.now()) ? leaf : null;
  return usable === null ? await issueAndStore(options, ca) : describe(ca, usable);
}

async function issueAndStore(
  options: CertificateAuthorityOptions,
  ca: CertifiedKey | null,
): Promise<GatewayCertificates> {
  const request: IssueRequest = { nowMs: options.now(), ca };
  const script = ownScript(import.meta, 'issue-certificates.ts');
  const issued = parseIssued(await options.runNode(script, [], JSON.stringify(request)));
  try {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    if (ca === null) await storePair(join(options.dir, 'ca.pem'), issued.ca);
    await storePair(join(options.dir, 'leaf.pem'), issued.leaf);
  } catch (cause) {
    throw new AgentError('HOME_UNUSABLE', `Certificates could not be written to ${options.dir}.`, { cause });
  }
  return describe(issued.ca, issued.leaf);
}

function parseIssued(stdout: string): IssuedCertificates {
  try {
    return IssuedCertificatesSchema.parse(JSON.parse(stdout));
  } catch {
    // The cause would quote the text, and the text may hold keys.
    throw new AgentError('UNEXPECTED', "The script that issues the gateway's certificates gave no answer.");
  }
}

function describe(ca: CertifiedKey, leaf: CertifiedKey): GatewayCertificates {
  return {
    caCertPem: ca.certPem,
    leaf,
    leafExpiresAtMs: new X509Certificate(leaf.certPem).validToDate.getTime(),
  };
}

/** One file, so that a crash can never leave a key beside another key's certificate. */
async function storePair(path: string, { certPem, keyPem }: CertifiedKey): Promise<void> {
  await replaceFile(path, certPem + keyPem, 0o600);
}

/** Null when the file is missing or does not hold a certificate and its key. */
async function readPair(path: string): Promise<CertifiedKey | null> {
  try {
    const text = await readFile(path, 'utf8');
    const [certPem] = findPemBlocks(text, 'CERTIFICATE');
    const [keyPem] = findPemBlocks(text, 'PRIVATE KEY');
    if (certPem === undefined || keyPem === undefined) return null;
    return new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem))
      ? { certPem, keyPem }
      : null;
  } catch {
    return null;
  }
}

function isSignedBy(leaf: CertifiedKey, ca: CertifiedKey): boolean {
  const certificate = new X509Certificate(leaf.certPem);
  return certificate.verify(new X509Certificate(ca.certPem).publicKey);
}

/** Also false for a certificate of the future: the clock was put back, and robots would refuse it. */
function lastsFor({ certPem }: CertifiedKey, days: number, nowMs: number): boolean {
  const certificate = new X509Certificate(certPem);
  return (
    certificate.validFromDate.getTime() <= nowMs && certificate.validToDate.getTime() - nowMs >= days * DAY_MS
  );
}
