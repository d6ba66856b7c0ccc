import { AgentError } from '../../shared/errors.ts';

// The rules of docs/security.md for what a ZIP may hold, judged from its directory alone, before a byte is
// written. A refusal names the entry and the rule.

export interface ExtractLimits {
  maxArchiveBytes: number;
  maxEntries: number;
  /** All entries, unpacked. */
  maxTotalBytes: number;
  /** One entry, unpacked. */
  maxFileBytes: number;
  /** Unpacked over packed, above `RATIO_FROM_BYTES`. */
  maxRatio: number;
}

/** What the directory of a ZIP says of one entry. */
export interface ZipEntry {
  /** Raw bytes of the name. */
  nameBytes: Buffer;
  /** Bit 11 of the general purpose flag: the name is UTF-8. */
  utf8: boolean;
  encrypted: boolean;
  /** 0 stored, 8 deflated. */
  method: number;
  flags: number;
  crc32: number;
  compressedBytes: number;
  bytes: number;
  localHeaderOffset: number;
  /** Unix mode, 0 where the archive was made elsewhere. */
  mode: number;
}

/** An entry that passed. */
export interface CheckedEntry extends ZipEntry {
  /** Relative, with forward slashes, without one at its end. */
  path: string;
  isDirectory: boolean;
  isSymlink: boolean;
  executable: boolean;
}

const RATIO_FROM_BYTES = 10 * 1024 * 1024;
const MAX_PATH_BYTES = 240;
const MAX_DEPTH = 32;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(\.|$)/i;

export interface Refusal {
  code: 'PACKAGE_REFUSED' | 'HOST_ARCHIVE_FORMAT';
  /** "The package of INVOICES" */
  what: string;
}

/**
 * Judges the whole directory.
 * @throws AgentError with `{entry, rule}`
 */
export function checkEntries(
  entries: readonly ZipEntry[],
  limits: ExtractLimits,
  options: { symlinks: 'refuse' | 'inside'; refusal: Refusal },
): CheckedEntry[] {
  const { refusal } = options;
  if (entries.length > limits.maxEntries) {
    throw refuse(
      refusal,
      null,
      'entry-count',
      `has ${entries.length} entries; ${limits.maxEntries} are allowed`,
    );
  }
  const checked = entries.map((entry) => checkEntry(entry, limits, options));
  let total = 0;
  for (const entry of checked) {
    total += entry.bytes;
    if (total > limits.maxTotalBytes) {
      throw refuse(refusal, entry.path, 'total-size', `unpacks to more than ${limits.maxTotalBytes} bytes`);
    }
  }
  checkTwins(checked, refusal);
  checkOverlaps(checked, refusal);
  return checked;
}

function checkEntry(
  entry: ZipEntry,
  limits: ExtractLimits,
  { symlinks, refusal }: { symlinks: 'refuse' | 'inside'; refusal: Refusal },
): CheckedEntry {
  const raw = decodeName(entry, refusal);
  const fail = (rule: string, problem: string): never => {
    throw refuse(refusal, raw, rule, problem);
  };
  const type = entry.mode & S_IFMT;
  const isDirectory = raw.endsWith('/');
  const path = isDirectory ? raw.slice(0, -1) : raw;
  const problem = problemOfName(path);
  if (problem) fail(problem.rule, problem.text);
  if (entry.encrypted) fail('encrypted', 'is encrypted');
  if (entry.method !== 0 && entry.method !== 8)
    fail('method', `is packed by the unknown method ${entry.method}`);
  if (entry.method === 0 && entry.compressedBytes !== entry.bytes)
    fail('size', 'is stored with two different sizes');
  const isSymlink = type === S_IFLNK;
  if (isSymlink && symlinks === 'refuse')
    fail('symlink', 'is a symbolic link; packages may hold files and folders only');
  if (type !== 0 && type !== S_IFREG && type !== S_IFDIR && !isSymlink)
    fail('type', 'is neither a file nor a folder');
  if (type === S_IFDIR && !isDirectory) fail('type', 'is a folder by its mode and a file by its name');
  if (type === S_IFREG && isDirectory) fail('type', 'is a file by its mode and a folder by its name');
  if (isDirectory && entry.bytes > 0) fail('type', 'is a folder with content');
  if (entry.bytes > limits.maxFileBytes)
    fail('file-size', `unpacks to ${entry.bytes} bytes; ${limits.maxFileBytes} are allowed`);
  if (entry.bytes > RATIO_FROM_BYTES && entry.bytes > entry.compressedBytes * limits.maxRatio) {
    fail('ratio', `unpacks to more than ${limits.maxRatio} times its size`);
  }
  return { ...entry, path, isDirectory, isSymlink, executable: (entry.mode & 0o111) !== 0 };
}

function decodeName(entry: ZipEntry, refusal: Refusal): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(entry.nameBytes);
  } catch {
    // Without the flag the name is in some code page; Latin letters are the best reading that loses nothing.
    if (!entry.utf8) return entry.nameBytes.toString('latin1');
    throw refuse(
      refusal,
      entry.nameBytes.toString('latin1'),
      'name-encoding',
      'has a name that is not UTF-8',
    );
  }
}

/** What is wrong with a path in an archive, on any of the three systems; null: nothing. */
export function problemOfName(path: string): { rule: string; text: string } | null {
  const problem = (rule: string, text: string) => ({ rule, text });
  if (path === '') return problem('name-empty', 'has an empty name');
  if (path.includes('\\')) return problem('name-backslash', 'has a backslash in its name');
  if (path.startsWith('/')) return problem('path-absolute', 'has an absolute path');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path))
    return problem('name-control', 'has a control character in its name');
  if (/[\ud800-\udfff]/u.test(path)) return problem('name-encoding', 'has a broken character in its name');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    return problem('path-length', `has a path of over ${MAX_PATH_BYTES} bytes`);
  const segments = path.split('/');
  if (segments.length > MAX_DEPTH) return problem('path-depth', `lies over ${MAX_DEPTH} folders deep`);
  for (const segment of segments) {
    if (segment === '..') return problem('path-escape', 'leads out of the folder');
    if (segment === '' || segment === '.')
      return problem('path-segment', 'has an empty or "." part in its path');
    if (segment.includes(':')) return problem('name-stream', 'has a colon in its name');
    if (/[<>"|?*]/.test(segment))
      return problem('name-character', 'has a character that Windows forbids in its name');
    if (/[. ]$/.test(segment)) return problem('name-trailing', 'has a part that ends with a dot or a space');
    if (RESERVED.test(segment)) return problem('name-reserved', 'has a name that Windows reserves');
  }
  return null;
}

/** Names that some file system takes for one: by case, by Unicode form, or as a file and a folder. */
function checkTwins(entries: readonly CheckedEntry[], refusal: Refusal): void {
  const seen = new Map<string, CheckedEntry>();
  const folders = new Map<string, string>();
  for (const entry of entries) {
    const key = foldName(entry.path);
    if (seen.has(key)) throw refuse(refusal, entry.path, 'twin', `stands twice, with ${seen.get(key)?.path}`);
    seen.set(key, entry);
    const segments = entry.path.split('/');
    for (let depth = 1; depth < segments.length + (entry.isDirectory ? 1 : 0); depth++) {
      const folder = segments.slice(0, depth).join('/');
      const known = folders.get(foldName(folder));
      if (known !== undefined && known !== folder) {
        throw refuse(refusal, entry.path, 'twin', `lies in a folder that is also written ${known}`);
      }
      folders.set(foldName(folder), folder);
    }
  }
  for (const entry of entries) {
    if (!entry.isDirectory && folders.has(foldName(entry.path))) {
      throw refuse(refusal, entry.path, 'file-as-folder', 'is a file and a folder at once');
    }
  }
}

function foldName(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFC');
}

/** Entries whose bytes overlap unpack to more than the archive holds. */
function checkOverlaps(entries: readonly CheckedEntry[], refusal: Refusal): void {
  const sorted = entries.toSorted((a, b) => a.localHeaderOffset - b.localHeaderOffset);
  let end = 0;
  for (const entry of sorted) {
    if (entry.localHeaderOffset < end) throw refuse(refusal, entry.path, 'overlap', 'overlaps another entry');
    // A local header has 30 bytes before its name.
    end = entry.localHeaderOffset + 30 + entry.nameBytes.length + entry.compressedBytes;
  }
}

export function refuse(refusal: Refusal, entry: string | null, rule: string, problem: string): AgentError {
  const subject =
    entry === null ? refusal.what : `${refusal.what} was refused: the entry ${JSON.stringify(entry)}`;
  return new AgentError(refusal.code, `${subject} ${problem}.`, { details: { entry, rule } });
}
