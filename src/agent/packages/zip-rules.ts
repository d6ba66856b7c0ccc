import { AgentError } from '../../shared/errors.ts';

// The rules of docs/write-a-robot.md for what a ZIP may hold, judged from its directory alone, before a byte is
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
  /** Unix mode with the type; 0 where the archive was made elsewhere. */
  mode: number;
}

export interface ZipDirectory {
  entries: ZipEntry[];
  /** Where the directory begins: the entries' bytes lie before it. */
  startsAt: number;
}

/** An entry that passed. */
export interface CheckedEntry extends ZipEntry {
  /** Relative, with forward slashes, without one at its end. */
  path: string;
  isDirectory: boolean;
  isSymlink: boolean;
  executable: boolean;
  /** Where the next entry or the directory begins. */
  endsBefore: number;
}

/** Of the header before each entry's bytes, without the name. */
export const LOCAL_HEADER_BYTES = 30;
const RATIO_FROM_BYTES = 10 * 1024 * 1024;
const MAX_PATH_BYTES = 240;
const MAX_DEPTH = 32;
const MAX_LINK_BYTES = 1024;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
/** Also before an extension, and before spaces before one. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(\.|$)/i;
/** Names in messages are cut to this. */
const SHOWN_CHARACTERS = 200;
/** The upper half of code page 437, which a name is in where nothing else is said (APPNOTE.TXT, appendix D). */
const CODE_PAGE_437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const HINTS: Readonly<Record<string, string>> = {
  'name-backslash':
    'Pack the robot with a program that writes forward slashes: Explorer, 7-Zip or PowerShell 7 rather than Compress-Archive of Windows PowerShell.',
  'archive-size': 'Make the package smaller, or raise packageMaxBytes on this host.',
  'entry-count': 'Pack fewer files, or raise packageMaxEntries on this host.',
  'total-size': 'Pack less, or raise packageMaxTotalBytes on this host.',
  symlink: 'Pack the file itself in place of the link.',
  encrypted: 'Pack the robot without a password.',
};

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
  { entries, startsAt }: ZipDirectory,
  limits: ExtractLimits,
  options: { symlinks: 'refuse' | 'inside'; refusal: Refusal },
): CheckedEntry[] {
  const { refusal } = options;
  if (entries.length > limits.maxEntries) {
    throw refuse(refusal, null, 'entry-count', `has more than the ${limits.maxEntries} entries allowed`);
  }
  const checked = entries.map((entry) => ({ ...checkEntry(entry, limits, options), endsBefore: startsAt }));
  checkTotals(checked, limits, refusal);
  checkTwins(checked, limits, refusal);
  checkOverlaps(checked, startsAt, refusal);
  return checked;
}

function checkEntry(
  entry: ZipEntry,
  limits: ExtractLimits,
  { symlinks, refusal }: { symlinks: 'refuse' | 'inside'; refusal: Refusal },
): Omit<CheckedEntry, 'endsBefore'> {
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
  if (entry.bytes > 0 && entry.compressedBytes === 0) fail('size', 'is made from nothing');
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

/** All of them together, which no single one need exceed. */
function checkTotals(entries: readonly CheckedEntry[], limits: ExtractLimits, refusal: Refusal): void {
  let bytes = 0;
  let packed = 0;
  for (const entry of entries) {
    bytes += entry.bytes;
    packed += entry.compressedBytes;
    if (bytes > limits.maxTotalBytes)
      throw refuse(
        refusal,
        entry.path,
        'total-size',
        `makes more than the ${limits.maxTotalBytes} bytes allowed`,
      );
  }
  if (bytes > RATIO_FROM_BYTES && bytes > packed * limits.maxRatio)
    throw refuse(refusal, null, 'ratio', `unpacks to more than ${limits.maxRatio} times its size`);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeName(entry: ZipEntry, refusal: Refusal): string {
  try {
    return UTF8.decode(entry.nameBytes);
  } catch {
    if (!entry.utf8) return decodeCodePage437(entry.nameBytes);
    throw refuse(
      refusal,
      entry.nameBytes.toString('latin1'),
      'name-encoding',
      'has a name that is not UTF-8',
    );
  }
}

function decodeCodePage437(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : (CODE_PAGE_437[byte - 0x80] ?? ''),
  ).join('');
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

/**
 * Names that some file system takes for one: by case, by Unicode form, or as a file and a folder. And folders that no
 * entry stands for: 20,000 long paths could name 600,000 of them.
 */
function checkTwins(entries: readonly CheckedEntry[], { maxEntries }: ExtractLimits, refusal: Refusal): void {
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
      if (folders.size > maxEntries)
        throw refuse(refusal, entry.path, 'entry-count', `makes more than the ${maxEntries} folders allowed`);
    }
  }
  for (const entry of entries) {
    if (!entry.isDirectory && folders.has(foldName(entry.path))) {
      throw refuse(refusal, entry.path, 'file-as-folder', 'is a file and a folder at once');
    }
  }
}

/** What no file system takes for two: letters of any case, composed or not, characters that nobody sees left out. */
function foldName(path: string): string {
  const visible = path.normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');
  // Twice lower, for a capital that is not the capital of its small letter (ẞ, ß and SS).
  return visible.toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}

/**
 * Whether a symbolic link could lead out, or is longer than any system takes. Its target may climb at its beginning only, and no higher than the root:
 * then no chain of links can either, whatever the folders on the way turn out to be (with `a/up -> ..`, a link
 * `b -> a/up/..` is outside).
 */
export function leadsOut(path: string, target: string): boolean {
  if (Buffer.byteLength(target) > MAX_LINK_BYTES) return true;
  if (target === '' || target.startsWith('/') || /[\\\0]/.test(target) || /^[A-Za-z]:/.test(target))
    return true;
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const climbs = segments.findIndex((segment) => segment !== '..');
  const up = climbs === -1 ? segments.length : climbs;
  return segments.slice(up).includes('..') || up > path.split('/').length - 1;
}

/** Entries whose bytes overlap unpack to more than the archive holds. */
function checkOverlaps(entries: readonly CheckedEntry[], startsAt: number, refusal: Refusal): void {
  const sorted = entries.toSorted((a, b) => a.localHeaderOffset - b.localHeaderOffset);
  for (const [index, entry] of sorted.entries()) {
    entry.endsBefore = sorted[index + 1]?.localHeaderOffset ?? startsAt;
    const end = entry.localHeaderOffset + LOCAL_HEADER_BYTES + entry.nameBytes.length + entry.compressedBytes;
    if (end > entry.endsBefore) throw overlaps(refusal, entry);
  }
}

export function overlaps(refusal: Refusal, entry: CheckedEntry): AgentError {
  return refuse(refusal, entry.path, 'overlap', 'reaches into what comes after it in the archive');
}

export function refuse(refusal: Refusal, entry: string | null, rule: string, problem: string): AgentError {
  const shown =
    entry !== null && entry.length > SHOWN_CHARACTERS ? `${entry.slice(0, SHOWN_CHARACTERS)}…` : entry;
  const subject =
    shown === null ? refusal.what : `${refusal.what} was refused: the entry ${JSON.stringify(shown)}`;
  const hint = refusal.code === 'PACKAGE_REFUSED' ? HINTS[rule] : undefined;
  return new AgentError(refusal.code, `${subject} ${problem}.`, {
    details: { entry: shown, rule },
    ...(hint !== undefined && { hint }),
  });
}
