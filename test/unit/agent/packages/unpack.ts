import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { extractPackage } from '../../../../src/agent/packages/extract-package.ts';
import type { ExtractLimits } from '../../../../src/agent/packages/zip-rules.ts';
import { toAgentError } from '../../../../src/shared/errors.ts';
import { PACKAGE_LIMITS } from '../../../helpers/make-zip.ts';

/** What became of an archive: the files it made, or the error, and what lies beside it afterwards. */
export interface Unpacked {
  files: Record<string, string>;
  /** Of files and folders by path, the root's left out. */
  modes: Record<string, string>;
  error: { code: string; message: string; hint: string; entry: unknown; rule: unknown } | null;
  /** Names in the folder that the package was to appear in, without the package. */
  left: string[];
}

export interface UnpackOptions {
  limits?: Partial<ExtractLimits>;
  symlinks?: 'refuse' | 'inside';
  signal?: AbortSignal;
}

export async function unpack(zip: Buffer, options: UnpackOptions = {}): Promise<Unpacked> {
  const dir = await mkdtemp(join(tmpdir(), 'kubot-unpack-'));
  const storeDir = join(dir, 'store');
  const targetDir = join(storeDir, 'package');
  try {
    await writeFile(join(dir, 'package.zip'), zip);
    let error: Unpacked['error'] = null;
    try {
      await extractPackage({
        archivePath: join(dir, 'package.zip'),
        targetDir,
        limits: { ...PACKAGE_LIMITS, ...options.limits },
        symlinks: options.symlinks ?? 'refuse',
        refusal: { code: 'PACKAGE_REFUSED', what: 'The package of INVOICES' },
        signal: options.signal ?? new AbortController().signal,
      });
    } catch (thrown) {
      const { code, message, hint, details } = toAgentError(thrown);
      error = { code, message, hint, entry: details?.entry, rule: details?.rule };
    }
    const left = (await readdir(storeDir).catch(() => [])).filter((name) => error || name !== 'package');
    return { ...(await readTree(targetDir)), error, left };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** How an archive was refused, once it is sure that nothing of it is left. */
export async function refusalOf(
  zip: Buffer,
  options: UnpackOptions = {},
): Promise<{ code: string; entry: unknown; rule: unknown } | null> {
  const { error, files, left } = await unpack(zip, options);
  if (error && (left.length > 0 || Object.keys(files).length > 0))
    throw new Error(`left behind: ${JSON.stringify({ left, files: Object.keys(files) })}`);
  return error && { code: error.code, entry: error.entry, rule: error.rule };
}

async function readTree(dir: string): Promise<Pick<Unpacked, 'files' | 'modes'>> {
  const files: [string, string][] = [];
  const modes: [string, string][] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(dir, path);
    modes.push([name, ((await stat(path)).mode & 0o7777).toString(8)]);
    if (entry.isFile()) files.push([name, await readFile(path, 'latin1')]);
  }
  // Unlike an assignment, this also takes __proto__ for a name.
  return { files: Object.fromEntries(files), modes: Object.fromEntries(modes) };
}
