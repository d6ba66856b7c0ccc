import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import tls from 'node:tls';
import { AgentError } from '../../shared/errors.ts';
import { replaceFile } from '../home/replace-file.ts';
import { findPemBlocks, pemBody } from './pem.ts';

/** Robots run as the same or another user and only read it; it holds nothing secret. */
const PUBLIC_MODE = 0o644;

export interface TrustBundleOptions {
  targetPath: string;
  /** PEM files with further authorities (setting `caFile`). */
  caFiles: readonly string[];
  gatewayCaPem: string;
}

/**
 * Writes the one PEM that robots and post-install trust: Node's own authorities, the operating system's (without
 * them every pip and npm behind a company's TLS inspection fails), the configured ones and the gateway's, each
 * once. One that says so already is left as it is. Returns its path.
 * @throws AgentError CONFIG_INVALID for a configured file that cannot be read or holds no sound certificate
 */
export async function writeTrustBundle(options: TrustBundleOptions): Promise<string> {
  const configured = await Promise.all(options.caFiles.map(readAuthorities));
  const certificates = [
    ...tls.getCACertificates('bundled'),
    ...tls.getCACertificates('system'),
    ...configured.flat(),
    options.gatewayCaPem,
  ];
  const content = unique(certificates).join('');
  if ((await readFile(options.targetPath, 'utf8').catch(() => null)) === content) return options.targetPath;
  await mkdir(dirname(options.targetPath), { recursive: true });
  await replaceFile(options.targetPath, content, PUBLIC_MODE);
  return options.targetPath;
}

export interface MergedBundle {
  path: string;
  /** Certificates that the bundle did not have: 0 when the robot's file held none, or only known ones. */
  added: number;
}

/**
 * Writes a bundle for one robot that brings a CA file of its own: all of `bundlePath` and what `extraCaPems` hold.
 * What is no certificate in them is left out.
 */
export async function mergeTrustBundle(
  bundlePath: string,
  extraCaPems: readonly string[],
  targetPath: string,
): Promise<MergedBundle> {
  const base = findPemBlocks(await readFile(bundlePath, 'utf8'), 'CERTIFICATE');
  const extra = extraCaPems.flatMap((pem) => findPemBlocks(pem, 'CERTIFICATE')).filter(isCertificate);
  const merged = unique([...base, ...extra]);
  await replaceFile(targetPath, merged.join(''), PUBLIC_MODE);
  return { path: targetPath, added: merged.length - base.length };
}

async function readAuthorities(path: string): Promise<string[]> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (cause) {
    throw new AgentError('CONFIG_INVALID', `The CA file ${path} cannot be read.`, {
      hint: 'Correct caFile, or make the file readable for the agent.',
      cause,
    });
  }
  const blocks = findPemBlocks(content, 'CERTIFICATE');
  // One damaged certificate makes OpenSSL drop all that follow it, so the whole file is refused here.
  if (blocks.length === 0 || !blocks.every(isCertificate)) {
    const what = blocks.length === 0 ? 'holds no PEM certificate' : 'holds a damaged certificate';
    throw new AgentError('CONFIG_INVALID', `The CA file ${path} ${what}.`, {
      hint: 'Give a text file with -----BEGIN CERTIFICATE----- blocks.',
    });
  }
  return blocks;
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).raw.length > 0;
  } catch {
    return false;
  }
}

function unique(certificates: readonly string[]): string[] {
  const byBody = new Map<string, string>();
  for (const certificate of certificates) {
    const [block] = findPemBlocks(certificate, 'CERTIFICATE');
    if (block !== undefined && !byBody.has(pemBody(block))) byBody.set(pemBody(block), block);
  }
  return [...byBody.values()];
}
